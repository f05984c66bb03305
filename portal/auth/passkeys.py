"""Passkeys: adding one, signing in with it, proving once more who one is."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit
from uuid import UUID

from portal import audit, config
from portal.auth import service, tries
from portal.auth.models import Account, Passkey, StaffMember
from portal.auth.service import Client, passkeys, staff
from portal.shared import clock
from portal.shared.actor import Actor
from portal.shared.commands import earlier_answer, is_done
from portal.shared.crypto import new_id, token_hash
from portal.shared.database import transaction
from portal.shared.errors import N_, NotFound, Refused

ADDED = "auth.passkey-added"
CHALLENGE_LIFETIME = timedelta(minutes=5)
MOST = 20
NOT_ACCEPTED = N_("This passkey was not accepted. Try another one, or ask your administrator.")
NOT_ADDED = N_("The passkey was not added. Start again.")

Result = TypeVar("Result")

if TYPE_CHECKING:
    from webauthn.helpers.structs import AuthenticationCredential
# Elsewhere webauthn is imported where it is used: 65 ms that no other page needs.


def questions_to_register(actor: Actor) -> str:
    """What the browser asks an authenticator for a new passkey, as JSON."""
    import webauthn
    from webauthn.helpers import structs

    account, member = staff.get(actor.id)
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
        exclude_credentials=[
            structs.PublicKeyCredentialDescriptor(id=key.credential_id) for key in passkeys.of(actor.id)
        ],
    )
    _keep(options.challenge, actor.id)
    return webauthn.options_to_json(options)


def questions_to_sign_in(client: Client) -> str:
    """What the browser asks an authenticator for whoever wants to sign in or to confirm, as JSON."""
    import webauthn
    from webauthn.helpers.structs import UserVerificationRequirement

    tries.count_question(client.ip)
    options = webauthn.generate_authentication_options(
        rp_id=_host(), timeout=_milliseconds(), user_verification=UserVerificationRequirement.REQUIRED
    )
    _keep(options.challenge, None)
    return webauthn.options_to_json(options)


def register(actor: Actor, credential: str, *, name: str, command: UUID) -> None:
    """Add the passkey that answered; from then on the password alone does not sign in."""
    import webauthn
    from webauthn.helpers import parse_registration_credential_json

    if is_done(command, ADDED, actor=actor):
        return
    answer = _tried(parse_registration_credential_json, credential, refusal=NOT_ADDED)
    verified = _tried(
        webauthn.verify_registration_response,
        credential=answer,
        expected_challenge=_asked(answer.response.client_data_json, actor.id, refusal=NOT_ADDED),
        expected_rp_id=_host(),
        expected_origin=config.current().public_url,
        require_user_verification=True,
        refusal=NOT_ADDED,
    )
    passkey_id = new_id()
    with transaction():
        if earlier_answer(command, ADDED, actor=actor):
            return
        account = staff.lock(actor.id)
        if len(passkeys.of(actor.id)) >= MOST:
            raise Refused(N_("You have %(most)s passkeys. Remove one first."), most=MOST)
        if not passkeys.add(
            id=passkey_id,
            auth_id=actor.id,
            credential_id=verified.credential_id,
            public_key=verified.credential_public_key,
            sign_count=verified.sign_count,
            name=name,
        ):
            raise Refused(N_("This passkey is registered already."))
        account.is_biometric_enabled = True
        audit.record(ADDED, actor.auth_id, actor=actor, passkey=str(passkey_id))


def sign_in(credential: str, *, client: Client) -> str:
    """The token of a new session; one refusal for every way to fail."""
    return _prove(credential, client=client, actor=None)


def confirm(actor: Actor, credential: str, *, client: Client) -> str:
    """A new token after one's own passkey answered once more."""
    return _prove(credential, client=client, actor=actor)


def of(actor: Actor) -> Sequence[Passkey]:
    """One's own passkeys, the oldest first."""
    return passkeys.of(actor.id)


def may_remove(count: int) -> bool:
    """Whether somebody with so many may remove one."""
    return count > 1 or config.current().is_demo


def rename(actor: Actor, passkey_id: UUID, name: str, *, command: UUID) -> None:
    """Call one of one's own passkeys otherwise."""
    with transaction():
        if earlier_answer(command, "auth.passkey-renamed", actor=actor):
            return
        _own(actor, passkey_id).name = name
        audit.record("auth.passkey-renamed", actor.auth_id, actor=actor, passkey=str(passkey_id))


def remove(actor: Actor, passkey_id: UUID, *, command: UUID) -> None:
    """Remove one of one's own passkeys, never the last one."""
    with transaction():
        if earlier_answer(command, "auth.passkey-removed", actor=actor):
            return
        account = staff.lock(actor.id)
        passkey, count = _own(actor, passkey_id), len(passkeys.of(actor.id))
        if not may_remove(count):
            raise Refused(N_("This is your last passkey. Add another one first."))
        passkeys.remove(passkey)
        account.is_biometric_enabled = count > 1
        audit.record("auth.passkey-removed", actor.auth_id, actor=actor, passkey=str(passkey_id))


def _prove(credential: str, *, client: Client, actor: Actor | None) -> str:
    from webauthn.helpers import bytes_to_base64url, parse_authentication_credential_json

    answer = _tried(parse_authentication_credential_json, credential, refusal=NOT_ACCEPTED)
    who = bytes_to_base64url(answer.raw_id)
    tries.count(who, client.ip)
    try:
        challenge = _asked(answer.response.client_data_json, None, refusal=NOT_ACCEPTED)
        with transaction():
            account, member = _verified(answer, challenge)
            if actor and account.auth_id != actor.auth_id:
                raise Refused(NOT_ACCEPTED)
            token = service.open_session(
                account,
                member,
                client,
                action="auth.confirmed" if actor else "auth.signed-in",
                instead_of=actor.session_id if actor else None,
                by="passkey",
            )
    except Refused:
        action = "auth.confirm-failed" if actor else "auth.sign-in-failed"
        audit.note(action, actor.auth_id if actor else None, actor=actor or service.stranger(client), by="passkey")
        raise
    tries.forgive(who, client.ip)
    return token


def _verified(answer: "AuthenticationCredential", challenge: bytes) -> tuple[Account, StaffMember]:
    """Whose passkey answered, and may enter; its count goes on."""
    import webauthn

    passkey = passkeys.by_credential(answer.raw_id)
    found = staff.find(passkey.auth_id) if passkey else None
    if passkey is None or found is None or not service.may_enter(*found):
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
    from webauthn.helpers import bytes_to_base64url

    with transaction():
        passkeys.add_challenge(token_hash(bytes_to_base64url(challenge)), auth_id, CHALLENGE_LIFETIME)


def _asked(client_data: bytes, auth_id: UUID | None, *, refusal: str) -> bytes:
    """The challenge that was answered, used up whatever comes of it; it must be one of ours."""
    from webauthn.helpers import bytes_to_base64url, parse_client_data_json

    challenge: bytes = _tried(parse_client_data_json, client_data, refusal=refusal).challenge
    with transaction():
        is_ours = passkeys.take_challenge(token_hash(bytes_to_base64url(challenge)), auth_id)
    if not is_ours:
        raise Refused(refusal)
    return challenge


def _tried(act: Callable[..., Result], *args: Any, refusal: str, **kwargs: Any) -> Result:
    """What the library makes of an answer; whatever a made-up one breaks in it is a refusal."""
    try:
        return act(*args, **kwargs)
    except Exception as error:
        raise Refused(refusal) from error


def _own(actor: Actor, passkey_id: UUID) -> Passkey:
    passkey = passkeys.get(passkey_id, actor.id)
    if passkey is None:
        raise NotFound(N_("There is no such passkey."))
    return passkey


def _host() -> str:
    return urlsplit(config.current().public_url).hostname or ""


def _milliseconds() -> int:
    return int(CHALLENGE_LIFETIME.total_seconds() * 1000)
