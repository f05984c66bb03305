"""The document store: images are re-encoded once when they come in, and stamped each time they are looked at."""

import io
import re
import warnings
from datetime import datetime
from pathlib import Path
from uuid import UUID

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, ObjectStore, from_url
from PIL import Image, ImageDraw, ImageFont, ImageOps, UnidentifiedImageError

from portal.shared.clock import WIB
from portal.shared.errors import N_, NotFound, Refused

FORMATS = ("JPEG", "PNG", "WEBP")
MOST_BYTES = 10 * 1024 * 1024
MOST_PIXELS = 40_000_000
LONGEST_EDGE = 1600
QUALITY = 85
KEY = re.compile(r"kyc/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/(?:front|selfie)\.jpg")

Image.MAX_IMAGE_PIXELS = MOST_PIXELS
warnings.simplefilter("error", Image.DecompressionBombWarning)  # Pillow refuses from twice as many on, below it warns
_TOO_LARGE = (Image.DecompressionBombWarning, Image.DecompressionBombError)
_BROKEN = (UnidentifiedImageError, OSError, SyntaxError, ValueError, *_TOO_LARGE)


class DocumentStore:
    """Images under relative keys, in a local folder or an S3 bucket."""

    def __init__(self) -> None:
        self._store: ObjectStore | None = None
        self._folder: Path | None = None

    def configure(self, url: str) -> None:
        """``file:///folder`` or ``s3://bucket/prefix``; S3 takes its credentials from the environment."""
        if url.startswith("file://"):
            self._folder = Path(url.removeprefix("file://"))
            self._folder.mkdir(parents=True, exist_ok=True)
            self._store = LocalStore(self._folder, mkdir=True)
        else:
            self._folder = None
            self._store = from_url(url)

    @property
    def store(self) -> ObjectStore:
        if self._store is None:
            raise RuntimeError("DOCUMENTS_URL is not configured")
        return self._store

    def put(self, kyc_id: UUID, side: str, upload: bytes) -> str:
        """Keep a clean copy of an uploaded image and return its key."""
        return self.keep(kyc_id, side, clean(upload))

    def keep(self, kyc_id: UUID, side: str, jpeg: bytes) -> str:
        """Keep an image that :func:`clean` returned, and return its key."""
        key = f"kyc/{kyc_id}/{side}.jpg"
        obstore.put(self.store, key, jpeg)
        return key

    def get(self, key: str) -> bytes:
        """An image of ours; :class:`NotFound` for any other key, a link out of the store, or a missing object."""
        if not KEY.fullmatch(key) or not self._is_inside(key):
            raise NotFound(N_("This image is not there."))
        try:
            return bytes(obstore.get(self.store, key).bytes())
        except (BaseError, FileNotFoundError) as error:
            raise NotFound(N_("This image is not there.")) from error

    def require_whole(self, key: str) -> None:
        """Raise :class:`Refused` unless the image is there and not damaged: all of it is read, at a small size."""
        try:
            with Image.open(io.BytesIO(self.get(key)), formats=("JPEG",)) as image:
                image.draft("RGB", (1, 1))
                image.load()
        except (NotFound, *_BROKEN) as error:
            raise Refused(
                N_("An image of this submission cannot be read. Reject it, so that the customer sends it again.")
            ) from error

    def _is_inside(self, key: str) -> bool:
        if self._folder is None:
            return True
        path = self._folder / key
        return path.resolve() == self._folder.resolve() / key and path.is_file()


store = DocumentStore()


def clean(upload: bytes) -> bytes:
    """The image as a JPEG of at most 1600 px a side, without EXIF or anything appended; refused with a sentence."""
    if len(upload) > MOST_BYTES:
        raise Refused(N_("The image is larger than 10 MB."))
    try:
        with Image.open(io.BytesIO(upload), formats=FORMATS) as image:
            if image.width * image.height > MOST_PIXELS:
                raise Refused(N_("The image has more than 40 megapixels."))
            image.draft("RGB", (LONGEST_EDGE, LONGEST_EDGE))
            upright = ImageOps.exif_transpose(image)
            upright.thumbnail((LONGEST_EDGE, LONGEST_EDGE))
            return _jpeg(upright.convert("RGB"))
    except _TOO_LARGE as error:
        raise Refused(N_("The image has more than 40 megapixels.")) from error
    except _BROKEN as error:
        raise Refused(N_("This is no whole JPEG, PNG or WebP image.")) from error


def stamp(jpeg: bytes, *, viewer: str, at: datetime) -> bytes:
    """The image with who looks at it, and when, tiled over it."""
    try:
        with Image.open(io.BytesIO(jpeg), formats=("JPEG",)) as stored:
            image = stored.convert("RGB")
    except _BROKEN as error:
        raise NotFound(N_("This image is damaged.")) from error
    words = f"{viewer} · {at.astimezone(WIB):%d.%m.%Y %H:%M} WIB"
    mask = _tiles(words, image.size)
    image.paste("black", (2, 2), mask.crop((0, 0, image.width - 2, image.height - 2)))
    image.paste("white", (0, 0), mask)
    return _jpeg(image)


def _tiles(words: str, size: tuple[int, int]) -> Image.Image:
    """A mask with the words repeated along slanted lines, faint enough to read the document through."""
    font = ImageFont.load_default(26)
    left, top, right, bottom = (int(edge) for edge in font.getbbox(words))
    tile = Image.new("L", (right - left + 20, bottom - top + 20))
    ImageDraw.Draw(tile).text((10 - left, 10 - top), words, fill=90, font=font)
    tile = tile.rotate(20, expand=True)
    mask = Image.new("L", size)
    step_x, step_y = tile.width + 60, tile.height + 70
    for row, y in enumerate(range(-tile.height, size[1], step_y)):
        for x in range(-tile.width - (row % 2) * step_x // 2, size[0], step_x):
            mask.paste(tile, (x, y))
    return mask


def _jpeg(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=QUALITY, comment=b"")  # else Pillow copies the upload's own comment
    return out.getvalue()
