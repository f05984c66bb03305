"""One identity check: claimed, read, decided, undone."""

from typing import Any
from uuid import UUID

from flask import Response, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.kyc import claims, decisions, queue, workspace
from portal.kyc.models import KycStatus
from portal.kyc.reasons import FINAL
from portal.kyc.views import bp
from portal.kyc.views.forms import ExpireForm, LeaseForm, NextForm, NumberForm, RejectForm, VerifyForm
from portal.permissions import Permission
from portal.web.access import current_actor, requires
from portal.web.commands import Sent, command, read, shown
from portal.web.headers import IMAGE_POLICY
from portal.web.render import render
from portal.web.requests import refuse_other_sites


def check_page(kyc_id: UUID, *, sent: Sent | None = None, fragment: str | None = None, number: Any = None) -> Response:
    """The page of one check, with whatever was typed into its forms."""
    check = workspace.show(kyc_id, actor=current_actor())
    held = {"version": check.version, "lease_token": check.lease_token}
    return render(
        "kyc/show.html",
        fragment=fragment,
        sent=sent,
        check=check,
        form=shown(VerifyForm, sent, beside=[RejectForm, NumberForm], **held).fit(check),
        reject=shown(RejectForm, sent, beside=[VerifyForm, NumberForm], **held),
        dialog_open=sent is not None and isinstance(sent.form, RejectForm) and sent.status in {200, 422},
        expire_form=shown(ExpireForm, sent, version=check.version),
        may_expire=_may_expire(check),
        final_codes=FINAL,
        number_result=number,
        number_value=request.form.get("number", "")[:40],
        undoable=queue.LastDecision(current_actor()).undoable,
    )


def number_field(kyc_id: UUID, *, sent: Sent | None = None, number: Any = None) -> Response:
    """The field for the number alone for htmx, else the page."""
    return check_page(kyc_id, sent=sent, fragment="kyc/_number.html", number=number)


def go_on(following: UUID | None) -> ResponseReturnValue:
    """On to the check that was claimed, or back to the queue when none is left."""
    if following is None:
        flash(_("Nobody is waiting. You are at the end of the queue."))
    return redirect(url_for(".show", kyc_id=following) if following else url_for(".index"), 303)


def _may_expire(check: workspace.CheckPage) -> bool:
    is_valid = check.status is KycStatus.VERIFIED and not check.is_withdrawn
    return is_valid and current_actor().may(Permission.KYC_DECIDE)


@bp.get("/<uuid:kyc_id>")
@requires(Permission.KYC_READ)
def show(kyc_id: UUID) -> ResponseReturnValue:
    return check_page(kyc_id)


@bp.post("/<uuid:kyc_id>/claim")
@requires(Permission.KYC_DECIDE)
@command(NextForm, again=check_page)
def claim(kyc_id: UUID, form: NextForm) -> ResponseReturnValue:
    claims.claim(kyc_id, by=form.command, actor=current_actor())
    return redirect(url_for(".show", kyc_id=kyc_id), 303)


@bp.post("/<uuid:kyc_id>/hold")
@requires(Permission.KYC_DECIDE, is_passive=True)
@command(LeaseForm)
def hold(kyc_id: UUID, form: LeaseForm) -> ResponseReturnValue:
    claims.hold(kyc_id, lease_token=form.lease_token.data, actor=current_actor())
    if request.htmx:  # type: ignore[attr-defined]
        return render("kyc/_lease.html", check=workspace.lease(kyc_id, actor=current_actor()))
    return redirect(url_for(".show", kyc_id=kyc_id), 303)


@bp.post("/<uuid:kyc_id>/release")
@requires(Permission.KYC_DECIDE)
@command(LeaseForm)
def release(kyc_id: UUID, form: LeaseForm) -> ResponseReturnValue:
    claims.release(kyc_id, lease_token=form.lease_token.data, actor=current_actor())
    return redirect(url_for(".index"), 303)


@bp.post("/<uuid:kyc_id>/number")
@requires(Permission.KYC_DECIDE)
@command(NumberForm, again=number_field)
def number(kyc_id: UUID, form: NumberForm) -> ResponseReturnValue:
    result = claims.check_number(
        kyc_id, form.number.data or "", lease_token=form.lease_token.data, actor=current_actor()
    )
    return number_field(kyc_id, sent=Sent(form), number=result)


@bp.post("/<uuid:kyc_id>/verify")
@requires(Permission.KYC_DECIDE)
@command(VerifyForm, again=check_page)
def verify(kyc_id: UUID, form: VerifyForm) -> ResponseReturnValue:
    answers = read(form, decisions.VerifyAnswers)
    return go_on(decisions.verify(kyc_id, answers, by=form.command, actor=current_actor()))


@bp.post("/<uuid:kyc_id>/reject")
@requires(Permission.KYC_DECIDE)
@command(RejectForm, again=check_page)
def reject(kyc_id: UUID, form: RejectForm) -> ResponseReturnValue:
    answers = read(form, decisions.RejectAnswers)
    if "open" in request.form:  # without scripts the reasons open by a request of their own
        decisions.require_decidable(kyc_id, answers.claim, actor=current_actor())
        return check_page(kyc_id, sent=Sent(form))
    return go_on(decisions.reject(kyc_id, answers, by=form.command, actor=current_actor()))


@bp.post("/<uuid:kyc_id>/undo")
@requires(Permission.KYC_DECIDE)
@command(NextForm, again=check_page)
def undo(kyc_id: UUID, form: NextForm) -> ResponseReturnValue:
    decisions.undo(kyc_id, by=form.command, actor=current_actor())
    flash(_("Undone. The submission is yours again, and the customer hears nothing."))
    return redirect(url_for(".show", kyc_id=kyc_id), 303)


@bp.post("/<uuid:kyc_id>/expire")
@requires(Permission.KYC_DECIDE)
@command(ExpireForm, again=check_page)
def expire(kyc_id: UUID, form: ExpireForm) -> ResponseReturnValue:
    decisions.expire(kyc_id, read(form, decisions.ExpireAnswers), by=form.command, actor=current_actor())
    flash(_("Marked as expired. The customer is asked to renew the document."))
    return redirect(url_for(".show", kyc_id=kyc_id), 303)


@bp.get("/<uuid:kyc_id>/images/<any(front, selfie):side>")
@requires(Permission.KYC_DECIDE)
def image(kyc_id: UUID, side: str) -> ResponseReturnValue:
    refuse_other_sites()
    response = Response(workspace.image(kyc_id, side, actor=current_actor()), mimetype="image/jpeg")
    response.headers["Content-Security-Policy"] = IMAGE_POLICY
    response.headers["Content-Disposition"] = f'inline; filename="{side}.jpg"'
    return response


@bp.get("/of-customer/<uuid:user_id>")
@requires(Permission.KYC_STATUS, is_passive=True)
def of_customer(user_id: UUID) -> ResponseReturnValue:
    """A customer's checks and how they stand, for other pages; only reviewers may open them."""
    return render(
        "kyc/of_customer.html",
        fragment="kyc/_panel.html",
        attempts=workspace.statuses_of(user_id),
        may_open=current_actor().may(Permission.KYC_READ),
    )
