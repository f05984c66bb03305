"""One credit score: read, tried out, completed by hand, decided, undone."""

from uuid import UUID

from flask import Response, flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal import config
from portal.credit_scores import breakdown, decisions, entries
from portal.credit_scores.views import bp
from portal.credit_scores.views.forms import ApproveForm, ManualForm, PreviewForm, RejectForm
from portal.permissions import Permission
from portal.risk_levels import REVEAL_REASONS
from portal.web.access import current_actor, requires
from portal.web.commands import Sent, command, read, shown
from portal.web.forms import Command
from portal.web.render import render


def score_page(
    credit_score_id: UUID, *, sent: Sent | None = None, fragment: str = "credit_scores/_score.html"
) -> Response:
    """The page of one score, with whatever was typed into its forms."""
    score = breakdown.show(credit_score_id, actor=current_actor())
    manual = shown(ManualForm, sent, beside=[PreviewForm])
    return render(
        "credit_scores/show.html",
        fragment=fragment,
        sent=sent,
        score=score,
        policy=config.current().score_policy,
        manual=manual,
        approve=shown(ApproveForm, sent),
        reject=shown(RejectForm, sent),
        is_rejecting=sent is not None and isinstance(sent.form, RejectForm),
        tried=sent.form if sent and isinstance(sent.form, PreviewForm) else None,
        preview=breakdown.preview(score, manual.score.data),
    )


def preview_page(credit_score_id: UUID, *, sent: Sent) -> Response:
    """The preview alone for htmx, else the page."""
    return score_page(credit_score_id, sent=sent, fragment="credit_scores/_preview.html")


def _done(credit_score_id: UUID, sentence: str) -> ResponseReturnValue:
    flash(sentence)
    return redirect(url_for(".show", credit_score_id=credit_score_id), 303)


@bp.get("/<uuid:credit_score_id>")
@requires(Permission.SCORE_READ)
def show(credit_score_id: UUID) -> ResponseReturnValue:
    return score_page(credit_score_id)


@bp.get("/<uuid:credit_score_id>/evaluations")
@requires(Permission.SCORE_READ, is_passive=True)
def evaluations(credit_score_id: UUID) -> ResponseReturnValue:
    return render(
        "credit_scores/evaluations.html",
        fragment="credit_scores/_evaluations.html",
        evaluations=breakdown.evaluations(credit_score_id),
        credit_score_id=credit_score_id,
        why=REVEAL_REASONS,
    )


@bp.get("/of-loan/<uuid:loan_id>")
@requires(Permission.SCORE_READ, is_passive=True)
def of_loan(loan_id: UUID) -> ResponseReturnValue:
    return render(
        "credit_scores/of_loan.html",
        fragment="credit_scores/_panel.html",
        score=breakdown.of_loan(loan_id, actor=current_actor()),
        loan_id=loan_id,
        preview=None,
        policy=config.current().score_policy,
    )


@bp.post("/<uuid:credit_score_id>/manual-score/preview")
@requires(Permission.SCORE_DECIDE)
@command(PreviewForm, again=preview_page)
def preview(credit_score_id: UUID, form: PreviewForm) -> ResponseReturnValue:
    """What a manual score would change; nothing is saved."""
    entries.require_score(read(form, entries.ScoreAnswers))
    return preview_page(credit_score_id, sent=Sent(form))


@bp.post("/<uuid:credit_score_id>/manual-score")
@requires(Permission.SCORE_DECIDE)
@command(ManualForm, again=score_page)
def enter_manual(credit_score_id: UUID, form: ManualForm) -> ResponseReturnValue:
    entries.enter_manual(credit_score_id, read(form, entries.ManualAnswers), by=form.command, actor=current_actor())
    return _done(credit_score_id, _("Manual score saved."))


@bp.post("/<uuid:credit_score_id>/approve")
@requires(Permission.SCORE_DECIDE)
@command(ApproveForm, again=score_page)
def approve(credit_score_id: UUID, form: ApproveForm) -> ResponseReturnValue:
    decisions.approve(credit_score_id, read(form, decisions.ApproveAnswers), by=form.command, actor=current_actor())
    return _done(credit_score_id, _("Approved. You can undo this for 60 seconds."))


@bp.post("/<uuid:credit_score_id>/reject")
@requires(Permission.SCORE_DECIDE)
@command(RejectForm, again=score_page)
def reject(credit_score_id: UUID, form: RejectForm) -> ResponseReturnValue:
    decisions.reject(credit_score_id, read(form, decisions.RejectAnswers), by=form.command, actor=current_actor())
    return _done(credit_score_id, _("Rejected. You can undo this for 60 seconds."))


@bp.post("/<uuid:credit_score_id>/undo")
@requires(Permission.SCORE_DECIDE)
@command(Command, again=score_page)
def undo(credit_score_id: UUID, form: Command) -> ResponseReturnValue:
    decisions.undo(credit_score_id, by=form.command, actor=current_actor())
    return _done(credit_score_id, _("The decision is undone. Nothing was sent."))
