"""Passkeys: adding one, signing in with it, proving once more who one is (Web Authentication Level 3)."""

from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit
from uuid import UUID

from portal import audit, config
from portal.auth import attempts, sessions
from portal.auth.models import Account, Passkey, StaffMember
from portal.auth.repository import accounts, credentials
from portal.auth.sessions import Client
from portal.shared import clock
from portal.shared.actor import Actor
from portal.shared.answers import Answers
from portal.shared.commands import is_done, once
from portal.shared.crypto import new_id, token_hash
from portal.shared.database import transaction
from portal.shared.errors import N_, NotFound, Problems, Refused

if TYPE_CHECKING:  # elsewhere webauthn is imported where it is used: 65 ms that no other page needs
    from webauthn.helpers.structs import AuthenticationCredential

ADDED = "auth.passkey-added"
CHALLENGE_LIFETIME = timedelta(minutes=5)
MAX_PASSKEYS = 20
MAX_CREDENTIAL, MAX_NAME = 20_000, 64
NOT_ACCEPTED = N_("This passkey was not accepted. Try another one, or ask your administrator.")
NOT_ADDED = N_("The passkey was not added. Start again.")

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class NameAnswers(Answers):
    """What somebody calls a passkey of theirs."""

    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AddAnswers(NameAnswers):
    """A passkey's answer, as the browser's JSON, with the name it is to have."""

    credential: str = ""


def questions_to_register(actor: Actor) -> str:
    """What the browser asks an authenticator for a new passkey, as JSON."""
    import webauthn
    from webauthn.helpers import structs

    (account, member), known = accounts.get(actor.id), credentials.of(actor.id)
    options = webauthn.generate_registration_options(
        rp_id=_host(),
        rp_name="Staff portal",
        user_id=account.auth_id.bytes,
        user_name=account.email,
        user_display_name=member.display_name,
        timeout=_milliseconds(),
        authenticator_selection=structs.AuthenticatorSelectionCriteria(
            resident_key=structs.ResidentKeyRequirement.REQUIRED,
            user_verification=structs.UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[structs.PublicKeyCredentialDescriptor(id=key.credential_id) for key in known],
    )
    _keep(options.challenge, actor.id)
    return webauthn.options_to_json(options)


def questions_to_sign_in(client: Client) -> str:
    """What the browser asks an authenticator for whoever wants to sign in or to confirm, as JSON."""
    import webauthn
    from webauthn.helpers.structs import UserVerificationRequirement

    attempts.count_question(client.ip)
    options = webauthn.generate_authentication_options(
        rp_id=_host(), timeout=_milliseconds(), user_verification=UserVerificationRequirement.REQUIRED
    )
    _keep(options.challenge, None)
    return webauthn.options_to_json(options)


def register(answers: AddAnswers, *, by: UUID | None, actor: Actor) -> None:
    """Add the passkey that answered; from then on the password alone does not sign in."""
    if by and is_done(by, ADDED, actor=actor):
        return
    with answers.judged() as wrong:
        _judge_name(answers.name, wrong)
    values, passkey_id = _registered(answers.credential, actor), new_id()
    with transaction(), once(by, ADDED, actor) as earlier:
        if earlier:
            return
        account = accounts.lock(actor.id)
        if len(credentials.of(actor.id)) >= MAX_PASSKEYS:
            raise Refused(N_("You have %(most)s passkeys. Remove one first."), most=MAX_PASSKEYS)
        if not credentials.add(id=passkey_id, auth_id=actor.id, name=answers.name, **values):
            raise Refused(N_("This passkey is registered already."))
        account.is_biometric_enabled = True
        audit.record(ADDED, actor.auth_id, actor=actor, passkey=str(passkey_id))


def prove(credential: str, *, client: Client, actor: Actor | None = None) -> str:
    """The token of a new session; one refusal for every way to fail. ``actor`` proves once more who they are."""
    from webauthn.helpers import parse_authentication_credential_json

    answer = _read(parse_authentication_credential_json, credential, refusal=NOT_ACCEPTED)
    who = _base64(answer.raw_id)
    attempts.count(who, client.ip)
    try:
        challenge = _asked(answer.response.client_data_json, None, refusal=NOT_ACCEPTED)
        with transaction():
            found = _verified(answer, challenge)
            if actor and found[0].auth_id != actor.auth_id:
                raise Refused(NOT_ACCEPTED)
            token = sessions.open_session(found, client, actor.session_id if actor else None, by="passkey")
    except Refused:
        action = "auth.confirm-failed" if actor else "auth.sign-in-failed"
        audit.note(action, actor.auth_id if actor else None, actor=actor or sessions.stranger(client), by="passkey")
        raise
    attempts.forgive(who, client.ip)
    return token


def may_remove(count: int) -> bool:
    """Whether somebody with so many may remove one."""
    return count > 1 or config.current().is_demo


def rename(passkey_id: UUID, answers: NameAnswers, *, by: UUID | None, actor: Actor) -> None:
    """Call one of one's own passkeys otherwise."""
    with transaction(), once(by, "auth.passkey-renamed", actor) as earlier:
        if earlier:
            return
        passkey = _own(passkey_id, actor)
        with answers.judged() as wrong:
            _judge_name(answers.name, wrong)
        passkey.name = answers.name
        audit.record("auth.passkey-renamed", actor.auth_id, actor=actor, passkey=str(passkey_id))


def remove(passkey_id: UUID, *, by: UUID | None, actor: Actor) -> None:
    """Remove one of one's own passkeys, never the last one."""
    with transaction(), once(by, "auth.passkey-removed", actor) as earlier:
        if earlier:
            return
        account = accounts.lock(actor.id)
        passkey, count = _own(passkey_id, actor), len(credentials.of(actor.id))
        if not may_remove(count):
            raise Refused(N_("This is your last passkey. Add another one first."))
        credentials.remove(passkey)
        account.is_biometric_enabled = count > 1
        audit.record("auth.passkey-removed", actor.auth_id, actor=actor, passkey=str(passkey_id))


def _registered(credential: str, actor: Actor) -> dict[str, Any]:
    """What is kept of the new passkey that answered this person's question."""
    import webauthn
    from webauthn.helpers import parse_registration_credential_json

    answer = _read(parse_registration_credential_json, credential, refusal=NOT_ADDED)
    new = _tried(
        webauthn.verify_registration_response,
        credential=answer,
        expected_challenge=_asked(answer.response.client_data_json, actor.id, refusal=NOT_ADDED),
        expected_rp_id=_host(),
        expected_origin=config.current().public_url,
        require_user_verification=True,
        refusal=NOT_ADDED,
    )
    return {
        "credential_id": new.credential_id, "public_key": new.credential_public_key, "sign_count": new.sign_count,
    }  # fmt: skip


def _verified(answer: "AuthenticationCredential", challenge: bytes) -> tuple[Account, StaffMember]:
    """Whose passkey answered, and may enter; its count goes on."""
    import webauthn

    passkey = credentials.by_credential(answer.raw_id)
    found = accounts.find(passkey.auth_id) if passkey else None
    if passkey is None or found is None or not sessions.may_enter(*found):
        raise Refused(NOT_ACCEPTED)
    if answer.response.user_handle not in {None, passkey.auth_id.bytes}:
        raise Refused(NOT_ACCEPTED)
    verified = _tried(
        webauthn.verify_authentication_response,
        credential=answer,
        expected_challenge=challenge,
        expected_rp_id=_host(),
        expected_origin=config.current().public_url,
        credential_public_key=passkey.public_key,
        credential_current_sign_count=passkey.sign_count,
        require_user_verification=True,
        refusal=NOT_ACCEPTED,
    )
    passkey.sign_count, passkey.used_at = verified.new_sign_count, clock.now()
    return found


def _keep(challenge: bytes, auth_id: UUID | None) -> None:
    with transaction():
        credentials.add_challenge(token_hash(_base64(challenge)), auth_id, CHALLENGE_LIFETIME)


def _asked(client_data: bytes, auth_id: UUID | None, *, refusal: str) -> bytes:
    """The challenge that was answered, used up whatever comes of it; it must be one of ours."""
    from webauthn.helpers import parse_client_data_json

    challenge: bytes = _tried(parse_client_data_json, client_data, refusal=refusal).challenge
    with transaction():
        is_ours = credentials.take_challenge(token_hash(_base64(challenge)), auth_id)
    if not is_ours:
        raise Refused(refusal)
    return challenge


def _base64(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode().rstrip("=")


def _read(parse: Callable[[str], Result], credential: str, *, refusal: str) -> Result:
    if len(credential) > MAX_CREDENTIAL:
        raise Refused(refusal)
    return _tried(parse, credential, refusal=refusal)


def _tried(act: Callable[..., Result], *args: Any, refusal: str, **kwargs: Any) -> Result:
    """What the library makes of an answer; whatever a made-up one breaks in it is a refusal."""
    try:
        return act(*args, **kwargs)
    except Exception as error:
        raise Refused(refusal) from error


def _own(passkey_id: UUID, actor: Actor) -> Passkey:
    passkey = credentials.own(passkey_id, actor.id)
    if passkey is None:
        raise NotFound(N_("There is no such passkey."))
    return passkey


def _judge_name(name: str, wrong: Problems) -> None:
    wrong.unless_fits(name, "name", least=1, most=MAX_NAME, message=N_("Enter a name"))


def _host() -> str:
    return urlsplit(config.current().public_url).hostname or ""


def _milliseconds() -> int:
    return int(CHALLENGE_LIFETIME.total_seconds() * 1000)
