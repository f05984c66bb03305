"""The identity checks' room: queue, workspace, images."""

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.kyc import addresses, browsing, claiming, deciding, picture, reading
from portal.kyc.forms import (
    DecisionsForm,
    ExpireForm,
    FilterForm,
    LeaseForm,
    NextForm,
    NumberForm,
    RejectForm,
    VerifyForm,
)
from portal.kyc.models import DecisionFilters, KycStatus
from portal.kyc.reasons import FINAL
from portal.permissions import Permission
from portal.shared import clock
from portal.shared.errors import N_, Refusal, Refused
from portal.shared.pagination import Cursor, Slice
from portal.web.access import current_actor, requires
from portal.web.csv import download
from portal.web.errors import explained, shows_again
from portal.web.headers import IMAGE_POLICY
from portal.web.render import render, unchanged
from portal.web.requests import refuse_other_sites

bp = Blueprint("kyc", __name__, url_prefix="/kyc")

EXPORTED = {
    "kyc_id": "kyc_id",
    "customer": "customer.fullname",
    "phone": "customer.phone",
    "document_type": "document_type",
    "status": "status",
    "attempt": "attempt",
    "has_duplicate": "has_duplicate",
    "created_at": "created_at",
}


@bp.get("")
@requires(Permission.KYC_READ)
def index() -> ResponseReturnValue:
    form = FilterForm(request.args)
    actor = current_actor()
    part = Slice.parse(after=request.args.get("after"), before=request.args.get("before"))
    page, undoable = browsing.browse(form.filters(), part, actor=actor)
    counters = browsing.count(actor)
    return render(
        "kyc/index.html",
        fragment="kyc/_table.html",
        filters=form,
        page=page,
        older=addresses.page(after=page.after),
        newer=addresses.page(before=page.before),
        counters=counters,
        at=clock.now(),
        tabs=addresses.tabs(counters),
        is_filtered=addresses.is_filtered(),
        export_url=url_for(".export", **addresses.given()),
        clear_url=addresses.unfiltered(),
        undoable=undoable,
    )


@bp.get("/live")
@requires(Permission.KYC_READ, is_passive=True)
def counters() -> ResponseReturnValue:
    """The queue's counter for polling; nothing when it still is what the page shows."""
    now = browsing.count(current_actor())
    if request.args.get("waiting") == str(now.waiting):
        return unchanged()
    return render("kyc/_live.html", counters=now, at=clock.now(), seen=request.args.get("seen", type=int))


@bp.get("/decisions")
@requires(Permission.KYC_READ)
def decisions() -> ResponseReturnValue:
    form = DecisionsForm(request.args)
    filters = form.filters()
    page = picture.decisions(filters, Slice.parse(after=request.args.get("after"), before=request.args.get("before")))
    return render(
        "kyc/decisions.html",
        fragment="kyc/_decisions.html",
        filters=form,
        page=page,
        newer=addresses.decisions(before=page.before),
        older=addresses.decisions(after=page.after),
        by=picture.name_of(filters.by) if filters.by else "",
        is_filtered=filters != DecisionFilters(),
    )


@bp.get("/export.csv")
@requires(Permission.KYC_READ, is_fresh=True)
def export() -> ResponseReturnValue:
    rows = browsing.export(FilterForm(request.args).filters(), actor=current_actor())
    return download("kyc.csv", EXPORTED, rows)


@bp.post("/next")
@requires(Permission.KYC_DECIDE)
def next_() -> ResponseReturnValue:
    form = _valid(NextForm())
    after = Cursor.parse(form.after.data) if form.after.data else None
    return _go_on(claiming.claim_next(after=after, command=form.command_id.data, actor=current_actor()))


@bp.get("/<uuid:kyc_id>")
@requires(Permission.KYC_READ)
def show(kyc_id: UUID) -> ResponseReturnValue:
    return _workspace(kyc_id)


@bp.post("/<uuid:kyc_id>/claim")
@requires(Permission.KYC_DECIDE)
@shows_again(lambda kyc_id, **kwargs: _workspace(kyc_id, **kwargs))
def claim(kyc_id: UUID) -> ResponseReturnValue:
    form = _valid(NextForm())
    claiming.claim(kyc_id, command=form.command_id.data, actor=current_actor())
    return redirect(url_for(".show", kyc_id=kyc_id), 303)


@bp.post("/<uuid:kyc_id>/hold")
@requires(Permission.KYC_DECIDE, is_passive=True)
def hold(kyc_id: UUID) -> ResponseReturnValue:
    form = _valid(LeaseForm())
    claiming.hold(kyc_id, lease_token=form.lease_token.data, actor=current_actor())
    if request.htmx:  # type: ignore[attr-defined]
        return render("kyc/_lease.html", check=reading.lease(kyc_id, actor=current_actor()))
    return redirect(url_for(".show", kyc_id=kyc_id), 303)


@bp.post("/<uuid:kyc_id>/release")
@requires(Permission.KYC_DECIDE)
def release(kyc_id: UUID) -> ResponseReturnValue:
    form = _valid(LeaseForm())
    claiming.release(kyc_id, lease_token=form.lease_token.data, actor=current_actor())
    return redirect(url_for(".index"), 303)


@bp.post("/<uuid:kyc_id>/number")
@requires(Permission.KYC_DECIDE)
@shows_again(lambda kyc_id, **kwargs: _workspace(kyc_id, fragment="kyc/_number.html", **kwargs))
def number(kyc_id: UUID) -> ResponseReturnValue:
    form = _valid(NumberForm())
    result = claiming.check_number(
        kyc_id, form.number.data or "", lease_token=form.lease_token.data, actor=current_actor()
    )
    return _workspace(kyc_id, fragment="kyc/_number.html", number_result=result)


@bp.post("/<uuid:kyc_id>/verify")
@requires(Permission.KYC_DECIDE)
@shows_again(lambda kyc_id, **kwargs: _workspace(kyc_id, **kwargs))
def verify(kyc_id: UUID) -> ResponseReturnValue:
    check = reading.workspace(kyc_id, actor=current_actor())
    form = VerifyForm(check)
    if not form.validate():
        _require_decidable(kyc_id, form)
        return _workspace(kyc_id, status=422, form=form)
    following = deciding.verify(
        kyc_id,
        version=form.version.data,
        lease_token=form.lease_token.data,
        checklist=form.checklist,
        duplicates=form.disposals,
        number_unreadable=form.number_unreadable.data,
        expires_on=form.expires_on.data if form.expires_on is not None else None,
        command=form.command_id.data,
        actor=current_actor(),
    )
    return _go_on(following)


@bp.post("/<uuid:kyc_id>/reject")
@requires(Permission.KYC_DECIDE)
@shows_again(lambda kyc_id, **kwargs: _workspace(kyc_id, **kwargs))
def reject(kyc_id: UUID) -> ResponseReturnValue:
    form = RejectForm()
    is_opening = "open" in request.form
    if is_opening or not form.validate():
        _require_decidable(kyc_id, form)
        return _workspace(kyc_id, status=200 if is_opening else 422, reject=form, dialog_open=True)
    following = deciding.reject(
        kyc_id,
        version=form.version.data,
        lease_token=form.lease_token.data,
        codes=form.reason_codes.data,
        customer_text=form.customer_text.data,
        internal_note=form.internal_note.data,
        command=form.command_id.data,
        actor=current_actor(),
    )
    return _go_on(following)


@bp.post("/<uuid:kyc_id>/undo")
@requires(Permission.KYC_DECIDE)
@shows_again(lambda kyc_id, **kwargs: _workspace(kyc_id, **kwargs))
def undo(kyc_id: UUID) -> ResponseReturnValue:
    form = _valid(NextForm())
    deciding.undo(kyc_id, command=form.command_id.data, actor=current_actor())
    flash(_("Undone. The submission is yours again, and the customer hears nothing."))
    return redirect(url_for(".show", kyc_id=kyc_id), 303)


@bp.post("/<uuid:kyc_id>/expire")
@requires(Permission.KYC_DECIDE)
@shows_again(lambda kyc_id, **kwargs: _workspace(kyc_id, **kwargs))
def expire(kyc_id: UUID) -> ResponseReturnValue:
    form = ExpireForm()
    if not form.validate():
        deciding.require_expirable(kyc_id, version=None if form.version.errors else form.version.data)
        return _workspace(kyc_id, status=422, expire_form=form)
    deciding.expire(
        kyc_id,
        version=form.version.data,
        reason=form.reason.data,
        command=form.command_id.data,
        actor=current_actor(),
    )
    flash(_("Marked as expired. The customer is asked to renew the document."))
    return redirect(url_for(".show", kyc_id=kyc_id), 303)


@bp.get("/<uuid:kyc_id>/images/<any(front, selfie):side>")
@requires(Permission.KYC_DECIDE)
def image(kyc_id: UUID, side: str) -> ResponseReturnValue:
    refuse_other_sites()
    jpeg = reading.image(kyc_id, side, actor=current_actor())
    response = Response(jpeg, mimetype="image/jpeg")
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
        attempts=reading.statuses_of(user_id),
        may_open=current_actor().may(Permission.KYC_READ),
    )


def _workspace(
    kyc_id: UUID,
    *,
    fragment: str | None = None,
    status: int = 200,
    refusal: Refusal | None = None,
    form: VerifyForm | None = None,
    reject: RejectForm | None = None,
    expire_form: ExpireForm | None = None,
    number_result: Any = None,
    dialog_open: bool = False,
) -> Response:
    """The page of one check, with whatever was typed into its form."""
    actor = current_actor()
    check = reading.workspace(kyc_id, actor=actor)
    return render(
        "kyc/show.html",
        fragment=fragment,
        status=status,
        check=check,
        form=form or VerifyForm(check, version=check.version, lease_token=check.lease_token),
        reject=reject or RejectForm(),
        expire_form=expire_form or ExpireForm(version=check.version),
        may_expire=check.status is KycStatus.VERIFIED and not check.is_withdrawn and actor.may(Permission.KYC_DECIDE),
        final_codes=FINAL,
        dialog_open=dialog_open,
        number_result=number_result,
        number_value=request.form.get("number", "")[:40],
        refusal=explained(refusal) if refusal else None,
        undoable=browsing.undoable(actor),
    )


def _valid(form: Any) -> Any:
    """A form without fields a person fills in: when it does not hold, the page was tampered with or cut short."""
    if not form.validate():
        raise Refused(N_("This form is not complete. Open the page again."))
    return form


def _require_decidable(kyc_id: UUID, form: VerifyForm | RejectForm) -> None:
    """Somebody was faster, or holds it: that counts before what is wrong with the form."""
    deciding.require_decidable(
        kyc_id,
        version=None if form.version.errors else form.version.data,
        lease_token=None if form.lease_token.errors else form.lease_token.data,
        actor=current_actor(),
    )


def _go_on(following: UUID | None) -> ResponseReturnValue:
    """On to the check that was claimed, or back to the queue when none is left."""
    if following is None:
        flash(_("Nobody is waiting. You are at the end of the queue."))
    return redirect(url_for(".show", kyc_id=following) if following else url_for(".index"), 303)
