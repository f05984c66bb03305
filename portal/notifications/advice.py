"""What to do about a message that was not sent, by its ``error_class``."""

from collections.abc import Mapping

from portal.shared.errors import N_

ADVICE: Mapping[str, str] = {
    "permanent": N_("The address does not work. Correct it first, then send the message again."),
    "rejected": N_("The provider does not accept this message. Tell an administrator."),
    "no_address": N_("The customer has no address for this channel. Add one first, or use another channel."),
    "no_customer": N_("The customer was deleted. Nothing is sent any more."),
    "expired": N_("It could not be sent within 72 hours. Check that it still holds, then send it again."),
    "credentials": N_("The provider refuses the portal's credentials. Tell an administrator."),
    "tls": N_("No secure connection to the provider. Tell an administrator."),
    "unreachable": N_("The provider cannot be reached. The portal tries again by itself."),
    "throttled": N_("The provider asks to send more slowly. The portal tries again by itself."),
    "unavailable": N_(
        "The provider has a fault. The portal tries again by itself; if it gave up, send it again later."
    ),
    "broken_answer": N_(
        "The provider's answer broke off. The portal tries again by itself; if it gave up, send it later."
    ),
    "timeout": N_(
        "The provider did not answer in time. The portal tries again by itself; if it gave up, send it later."
    ),
    "unknown": N_("It may have been sent. Ask the customer before you send it again."),
}
