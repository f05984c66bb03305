"""The credit scores' room: list, breakdown, manual score, decision."""

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal import config
from portal.credit_scores import deciding, reading, service, wording
from portal.credit_scores.forms import ApproveForm, FilterForm, ManualForm, PreviewForm, RejectForm, UndoForm
from portal.credit_scores.models import Filters
from portal.loans import code_word
from portal.permissions import Permission
from portal.risk_levels import REVEAL_REASONS
from portal.shared.errors import Refusal
from portal.shared.pagination import Cursor, Slice
from portal.web.access import current_actor, requires
from portal.web.errors import explained, shows_again
from portal.web.render import render

bp = Blueprint("credit_scores", __name__, url_prefix="/credit-scores")

PARAMETERS = ("decision", "turn", "risk_level", "missing", "age", "by", "from")
WORDS: dict[str, Any] = {
    "source_word": wording.source_word,
    "level_word": wording.level_word,
    "risk_sentence": wording.risk_sentence,
    "code_word": code_word,
}


@bp.get("")
@requires(Permission.SCORE_READ)
def index() -> ResponseReturnValue:
    form = FilterForm(request.args)
    filters = form.filters()
    page = reading.browse(filters, Slice.parse(after=request.args.get("after"), before=request.args.get("before")))
    return render(
        "credit_scores/index.html",
        fragment="credit_scores/_table.html",
        filters=form,
        rows=page.rows,
        earlier=_address(before=page.before) if page.before else None,
        later=_address(after=page.after) if page.after else None,
        counts=reading.count(),
        tab=_tab(filters),
        is_pending=filters.is_pending,
        is_filtered=bool(_given().keys() & {"risk_level", "missing", "age", "by"}),
        by=reading.name_of(filters.by) if filters.by else None,
        **WORDS,
    )


@bp.get("/<uuid:credit_score_id>")
@requires(Permission.SCORE_READ)
def show(credit_score_id: UUID) -> ResponseReturnValue:
    return _show(credit_score_id)


@bp.get("/<uuid:credit_score_id>/evaluations")
@requires(Permission.SCORE_READ, is_passive=True)
def evaluations(credit_score_id: UUID) -> ResponseReturnValue:
    return render(
        "credit_scores/evaluations.html",
        fragment="credit_scores/_evaluations.html",
        evaluations=reading.evaluations(credit_score_id),
        credit_score_id=credit_score_id,
        why=REVEAL_REASONS,
        level_word=wording.level_word,
    )


@bp.get("/of-loan/<uuid:loan_id>")
@requires(Permission.SCORE_READ, is_passive=True)
def of_loan(loan_id: UUID) -> ResponseReturnValue:
    score = reading.of_loan(loan_id, actor=current_actor())
    return render(
        "credit_scores/of_loan.html",
        fragment="credit_scores/_panel.html",
        score=score,
        loan_id=loan_id,
        preview=None,
        policy=config.current().score_policy,
        **WORDS,
    )


@bp.get("/of-customer/<uuid:user_id>")
@requires(Permission.SCORE_READ, is_passive=True)
def of_customer(user_id: UUID) -> ResponseReturnValue:
    return render(
        "credit_scores/of_customer.html",
        fragment="credit_scores/_of_customer.html",
        rows=reading.of_customer(user_id),
        user_id=user_id,
        **WORDS,
    )


@bp.post("/<uuid:credit_score_id>/manual-score/preview")
@requires(Permission.SCORE_DECIDE)
def preview(credit_score_id: UUID) -> ResponseReturnValue:
    form = PreviewForm()
    score = reading.show(credit_score_id, actor=current_actor())
    is_valid = form.validate()
    return render(
        "credit_scores/show.html",
        fragment="credit_scores/_preview.html",
        status=200 if is_valid else 422,
        **_context(
            score,
            manual=ManualForm(version=score.version),
            preview=reading.preview(score, form.score.data) if is_valid else None,
            preview_errors=form.score.errors,
        ),
    )


@bp.post("/<uuid:credit_score_id>/manual-score")
@requires(Permission.SCORE_DECIDE)
@shows_again(lambda credit_score_id, **kwargs: _show(credit_score_id, act="manual", **kwargs))
def enter_manual(credit_score_id: UUID) -> ResponseReturnValue:
    form = ManualForm()
    if not form.validate():
        return _show(credit_score_id, act="manual", status=422)
    service.enter_manual(
        credit_score_id,
        score=form.score.data,
        codes=form.reason_codes.data,
        reason=form.reason.data,
        version=form.version.data,
        command=form.command_id.data,
        actor=current_actor(),
    )
    flash(_("Manual score saved."))
    return redirect(url_for(".show", credit_score_id=credit_score_id), 303)


@bp.post("/<uuid:credit_score_id>/approve")
@requires(Permission.SCORE_DECIDE)
@shows_again(lambda credit_score_id, **kwargs: _show(credit_score_id, act="approve", **kwargs))
def approve(credit_score_id: UUID) -> ResponseReturnValue:
    form = ApproveForm()
    if not form.validate():
        return _show(credit_score_id, act="approve", status=422)
    deciding.approve(
        credit_score_id,
        note=form.note.data,
        version=form.version.data,
        command=form.command_id.data,
        actor=current_actor(),
    )
    flash(_("Approved. You can undo this for 60 seconds."))
    return redirect(url_for(".show", credit_score_id=credit_score_id), 303)


@bp.post("/<uuid:credit_score_id>/reject")
@requires(Permission.SCORE_DECIDE)
@shows_again(lambda credit_score_id, **kwargs: _show(credit_score_id, act="reject", **kwargs))
def reject(credit_score_id: UUID) -> ResponseReturnValue:
    form = RejectForm()
    if not form.validate():
        return _show(credit_score_id, act="reject", status=422)
    deciding.reject(
        credit_score_id,
        codes=form.reason_codes.data,
        note=form.note.data,
        version=form.version.data,
        command=form.command_id.data,
        actor=current_actor(),
    )
    flash(_("Rejected. You can undo this for 60 seconds."))
    return redirect(url_for(".show", credit_score_id=credit_score_id), 303)


@bp.post("/<uuid:credit_score_id>/undo")
@requires(Permission.SCORE_DECIDE)
@shows_again(lambda credit_score_id, **kwargs: _show(credit_score_id, **kwargs))
def undo(credit_score_id: UUID) -> ResponseReturnValue:
    form = UndoForm()
    if not form.validate():
        return _show(credit_score_id, status=422)
    deciding.undo(credit_score_id, command=form.command_id.data, actor=current_actor())
    flash(_("The decision is undone. Nothing was sent."))
    return redirect(url_for(".show", credit_score_id=credit_score_id), 303)


FORMS: dict[str, Any] = {"manual": ManualForm, "approve": ApproveForm, "reject": RejectForm}


def _show(credit_score_id: UUID, *, act: str = "", status: int = 200, refusal: Refusal | None = None) -> Response:
    """The page, with whatever was typed into the form that was sent."""
    score = reading.show(credit_score_id, actor=current_actor())
    forms = {name: _form(form, score.version, is_sent=name == act) for name, form in FORMS.items()}
    manual = forms["manual"]
    typed = manual.score.data if act == "manual" and score.is_pending else None
    return render(
        "credit_scores/show.html",
        fragment="credit_scores/_score.html",
        status=status,
        **_context(
            score,
            **forms,
            act=act,
            preview=reading.preview(score, typed) if typed is not None else None,
            refusal=explained(refusal) if refusal else None,
        ),
    )


def _form(form: Any, version: int, *, is_sent: bool) -> Any:
    """A form; the one that was sent holds what was typed, and the version it was typed over unless that is stale."""
    if not is_sent:
        return form(formdata=None, version=version)
    sent = form()
    sent.validate()
    sent.version.raw_data, sent.version.data = None, version
    return sent


def _context(score: reading.ScorePage, **given: Any) -> dict[str, Any]:
    return {
        "score": score,
        "policy": config.current().score_policy,
        "approve": ApproveForm(formdata=None, version=score.version),
        "reject": RejectForm(formdata=None, version=score.version),
        "act": "",
        "refusal": None,
        "preview": None,
        "preview_errors": (),
        **WORDS,
        **given,
    }


def _tab(filters: Filters) -> str:
    """The tab that a filter stands under: a missing manual score is the analyst's; one's decisions are under none."""
    if filters.by:
        return ""
    turns = {"manual": "analyst", "ready": "analyst", "internal": "services", "external": "services"}
    return turns.get(filters.turn, filters.turn)


def _given() -> dict[str, Any]:
    return {name: request.args[name] for name in PARAMETERS if request.args.get(name)}


def _address(**cursor: Cursor | None) -> str:
    name, place = next(iter(cursor.items()))
    return url_for(".index", **{**_given(), name: str(place)})
