"""How people are called in Indonesia, region by region, and in which towns they were born."""

from dataclasses import dataclass

from portal.kyc import PROVINCES


@dataclass(frozen=True, slots=True)
class Town:
    """A town and the four digits with which the NIK of those registered there begins."""

    code: str
    name: str

    @property
    def province(self) -> str:
        return PROVINCES[self.code[:2]]

    @property
    def timezone(self) -> str:
        if self.code[:2] in {"51", "52", "53", "63", "64", "65", "71", "72", "73", "74", "75", "76"}:
            return "Asia/Makassar"
        return "Asia/Jayapura" if self.code[0] in "89" else "Asia/Jakarta"


@dataclass(frozen=True, slots=True)
class Region:
    """Towns and names that belong together; an empty last name makes a name of one word."""

    towns: tuple[Town, ...]
    men: tuple[str, ...]
    women: tuple[str, ...]
    last_of_men: tuple[str, ...]
    last_of_women: tuple[str, ...]
    covers_hair: bool

    def name(self, lot: int, *, is_woman: bool) -> str:
        """One of the region's full names; the same lot draws the same name."""
        first, last = (self.women, self.last_of_women) if is_woman else (self.men, self.last_of_men)
        lot, chosen = divmod(lot, len(first))
        return f"{first[chosen]} {last[lot % len(last)]}".rstrip()


def _region(
    towns: str, *, men: str, women: str, last: str = "", sons: str = "", daughters: str = "", covers_hair: bool = True
) -> Region:
    """A region from lists with commas; ``last`` are names of both sexes, a dash is none."""
    return Region(
        tuple(Town(town[:4], town[5:]) for town in _words(towns)),
        _words(men),
        _words(women),
        _words(f"{last}, {sons}"),
        _words(f"{last}, {daughters}"),
        covers_hair,
    )


def _words(text: str) -> tuple[str, ...]:
    return tuple("" if word == "-" else word for word in (part.strip() for part in text.split(",")) if word)


REGIONS = (
    _region(
        "3374 SEMARANG, 3372 SURAKARTA, 3471 YOGYAKARTA, 3373 SALATIGA, 3375 PEKALONGAN",
        men="Slamet, Joko, Bambang, Sugeng, Teguh, Eko, Tri, Heru, Wahyu, Suparman, Purwanto, Mulyono, Sigit, Yudi",
        women="Sri, Endang, Retno, Dwi, Wahyuni, Sulastri, Suharti, Titik, Yuni, Ning, Partini, Ratih, Anjar, Warsini",
        sons="-, -, Santoso, Prasetyo, Wibowo, Susanto, Nugroho, Raharjo, Widodo, Hartono, Saputro, Pamungkas",
        daughters="-, -, Lestari, Rahayu, Astuti, Handayani, Puspitasari, Kusumawati, Setyaningsih, Utami, Widyastuti",
    ),
    _region(
        "3578 SURABAYA, 3573 MALANG, 3571 KEDIRI, 3577 MADIUN, 3574 PROBOLINGGO",
        men="Agus, Choirul, Abdul, Sukirman, Poniman, Hadi, Edi, Mukhlis, Imam, Rudi, Ainur, Wawan, Zainul, Fajar",
        women="Siti, Nur, Khusnul, Lilik, Sulistyowati, Ponirah, Umi, Dewi, Indah, Anik, Luluk, Eni, Ayu, Machmudah",
        sons="-, -, Anwar, Arifin, Rohman, Hidayatullah, Wahyudi, Siswanto, Kurniawan, Mustofa, Hariyanto",
        daughters="-, -, Khotimah, Aini, Rohmah, Wahyuni, Nur'aini, Fatimah, Susilowati, Mufidah, Anggraini",
    ),
    _region(
        "3273 BANDUNG, 3271 BOGOR, 3277 CIMAHI, 3278 TASIKMALAYA, 3272 SUKABUMI",
        men="Asep, Dadang, Ujang, Cecep, Deden, Yayan, Encep, Iwan, Aep, Dede, Tatang, Rizal, Gilang, Jajang",
        women="Neneng, Euis, Iis, Imas, Lilis, Teti, Ai, Nia, Popon, Cucu, Yeyen, Rina, Wulan, Enung",
        sons="Hidayat, Sutisna, Suryana, Permana, Mulyana, Gunawan, Ramdani, Sopandi, Kosasih, Nugraha",
        daughters="Kurniasih, Nurhayati, Rohaeni, Suryani, Komalasari, Herawati, Rostiana, Mulyani, Sumiati",
    ),
    _region(
        "3174 JAKARTA SELATAN, 3175 JAKARTA TIMUR, 3275 BEKASI, 3276 DEPOK, 3671 TANGERANG, 3673 SERANG",
        men="Muhammad Rizky, Ahmad, Dimas, Rendy, Fikri, Bagas, Reza, Ilham, Aditya, Farhan, Sandi, Ma'ruf, Galih",
        women="Nabila, Putri, Annisa, Intan, Fitri, Nadia, Siti, Salsabila, Tiara, Rahma, Kartika, Anggun, Syifa",
        sons="Ramadhan, Maulana, Saputra, Pratama, Firmansyah, Alamsyah, Hakim, Fauzan, Al-Ghifari, Kurnia",
        daughters="Azzahra, Maharani, Ramadhani, Aulia, Khairunnisa, Permatasari, Safitri, Oktaviani, Salma",
    ),
    _region(
        "1271 MEDAN, 1272 PEMATANGSIANTAR, 1273 SIBOLGA",
        men="Togar, Poltak, Binsar, Sahat, Jonathan, Hotman, Parlindungan, Ronald, Maruli, Tumpal, Daniel, Saut",
        women="Rotua, Tiurma, Duma, Lasma, Ruth, Debora, Melva, Roselina, Tiodora, Hotmaida, Elfrida, Martha",
        last="Simanjuntak, Sitorus, Hutapea, Nainggolan, Siahaan, Panjaitan, Situmorang, Manurung, Lumbantobing",
        covers_hair=False,
    ),
    _region(
        "1371 PADANG, 1375 BUKITTINGGI, 1376 PAYAKUMBUH, 1471 PEKANBARU, 2171 BATAM",
        men="Fadhil, Rahmat, Yusrizal, Syafril, Hendri, Irwan, Zulhendra, Afdal, Novrizal, Dasril, Febri",
        women="Rahmi, Fitria, Desi, Yulia, Nofrita, Gusnita, Elvi, Wirda, Resti, Mardiana, Yusnidar",
        last="Tanjung, Chaniago, Koto, Sikumbang, Piliang, Jambak, Guci, Melayu",
    ),
    _region(
        "1171 BANDA ACEH, 1173 LHOKSEUMAWE, 1174 LANGSA",
        men="Teuku Rizal, Teuku Fahmi, Muhammad Nasir, Zulkifli, Iskandar, Said Mahdi, Fakhrurrazi, Munawar",
        women="Cut Meutia, Cut Intan, Nurul, Ainul, Rahmawati, Syarifah Laila, Mauliza, Cut Nyak Sari",
        sons="-, Syahputra, Daud, Hasyim, Ibrahim, Usman, Abubakar",
        daughters="-, Mardhiah, Zahara, Fitriani, Ulfa, Husna",
    ),
    _region(
        "1671 PALEMBANG, 1571 JAMBI, 1771 BENGKULU, 1871 BANDAR LAMPUNG, 1971 PANGKALPINANG",
        men="Kiagus Ahmad, Masagus Hasan, Zainal, Herman, Yandi, Ferdi, Raden Usman, Apriyadi, Mahmud",
        women="Nyimas Ayu, Masayu Rina, Mariana, Yuliana, Septi, Rosdiana, Eka, Nurlela, Zubaidah",
        sons="Effendi, Syarif, Akbar, Zulkarnain, Saleh, Sanjaya, Romadhon",
        daughters="Oktarina, Agustina, Marlina, Apriani, Sukma, Kurniati",
    ),
    _region(
        "5171 DENPASAR",
        men="I Wayan, I Made, I Nyoman, I Ketut, I Putu, Ida Bagus, I Gusti Ngurah, Anak Agung Gde",
        women="Ni Luh, Ni Made, Ni Nyoman, Ni Ketut, Ni Putu, Ida Ayu, Ni Kadek, Anak Agung Istri",
        sons="Sudiarta, Adnyana, Suardana, Wirawan, Parwata, Mahendra, Artawan",
        daughters="Suartini, Puspadewi, Ariani, Wahyuni, Sukmawati, Pramesti, Widiastuti",
        covers_hair=False,
    ),
    _region(
        "5271 MATARAM, 5272 BIMA",
        men="Lalu Wira, Lalu Muhammad, Suhaili, Mahsun, Zulkarnaen, Haerul",
        women="Baiq Nurul, Baiq Rohana, Hidayati, Mahnep, Sapiah, Haerani",
        sons="Hadi, Azhari, Jayadi, Aminullah, Satriawan",
        daughters="Hidayah, Wahyuningsih, Apriliana, Kamila, Safarina",
    ),
    _region(
        "5371 KUPANG",
        men="Yohanes, Fransiskus, Petrus, Dominggus, Gregorius, Antonius Bele",
        women="Maria Goreti, Theresia, Yuliana, Kristina, Bernadetha, Maria Theresia Novita",
        last="Bere, Seran, Tefa, Lobo, Ndoen, Fernandez, Kleden, da Costa",
        covers_hair=False,
    ),
    _region(
        "7371 MAKASSAR, 7372 PAREPARE, 7271 PALU, 7471 KENDARI, 7571 GORONTALO",
        men="Andi Baso, Syamsul, Ambo, Muh. Arief, Andi Rahmat, Baharuddin, Jamaluddin, Haris",
        women="Andi Tenri, Besse, Hasnah, Andi Nurul, Rosmini, St. Aminah, Marwah, Irmawati",
        last="Mappasere, Paturusi, Amiruddin, Rahman, Tahir, Daeng Rani, Makmur, Hamzah",
    ),
    _region(
        "7171 MANADO, 7172 BITUNG, 7173 TOMOHON",
        men="Jeffry, Novry, Stenly, Christian, Ferdinand, Recky, Marthen",
        women="Meiske, Grace, Olivia, Vonny, Jeane, Deisy, Christine",
        last="Wowor, Lumentut, Sondakh, Mandagi, Pangemanan, Rumengan, Tumbelaka",
        covers_hair=False,
    ),
    _region(
        "8171 AMBON, 9171 JAYAPURA, 9271 SORONG",
        men="Yohanis, Semuel, Yosep, Elias, Markus, Benny, Otniel",
        women="Martha, Fransina, Yosepha, Naomi, Dorkas, Ester, Welmince",
        last="Pattiasina, Tuhumury, Sahetapy, Pelupessy, Wanimbo, Kogoya, Rumbiak, Mambrasar",
        covers_hair=False,
    ),
    _region(
        "6371 BANJARMASIN, 6171 PONTIANAK, 6271 PALANGKA RAYA, 6472 SAMARINDA, 6471 BALIKPAPAN, 6571 TARAKAN",
        men="Muhammad Noor, Akhmad, Rusdi, Syahrani, Gazali, Hairul, Jumbri",
        women="Norhayati, Rusmini, Siti Aisyah, Jamilah, Hairunnisa, Norlaila, Mastiah",
        sons="-, Anshari, Rahman, Fadillah, Kaspul, Rijani",
        daughters="-, Hasanah, Mulyani, Fauziah, Rahmah, Sari",
    ),
    _region(
        "3173 JAKARTA BARAT, 3172 JAKARTA UTARA, 3578 SURABAYA, 1271 MEDAN, 6172 SINGKAWANG",
        men="Hendra, Kevin, Andy, Yongki, Budiman, Steven, Rudy, William",
        women="Lina, Meilani, Cindy, Jessica, Feni, Yenny, Vivian, Susan",
        last="Wijaya, Tanujaya, Halim, Lim, Salim, Tanoto, Hartanto, Gunawan",
        covers_hair=False,
    ),
)
