"""A vendor's raw answer, for whoever says why."""

from uuid import UUID

from flask import Blueprint, url_for
from flask.typing import ResponseReturnValue

from portal.permissions import Permission
from portal.risk_levels import service
from portal.risk_levels.forms import RevealForm
from portal.shared.errors import NotFound, Refusal
from portal.web.access import current_actor, requires
from portal.web.errors import sentence
from portal.web.render import render

bp = Blueprint("risk_levels", __name__, url_prefix="/risk-evaluations")


@bp.post("/<uuid:evaluation_id>/reveal")
@requires(Permission.RAW_SCORE_REVEAL, is_fresh=True)
def reveal(evaluation_id: UUID) -> ResponseReturnValue:
    form, raw, problem, status = RevealForm(), None, "", 200
    credit_score_id = service.score_of(evaluation_id)
    if not form.validate():
        status = 422
    else:
        try:
            raw = service.reveal(evaluation_id, reason=form.reason.data, actor=current_actor())
        except NotFound:
            raise
        except Refusal as refusal:
            problem, status = sentence(refusal), refusal.status
    response = render(
        "risk_levels/raw.html",
        status=status,
        form=form,
        raw=raw,
        problem=problem,
        evaluation_id=evaluation_id,
        credit_score_id=credit_score_id,
        seconds=service.SHOWN_SECONDS,
    )
    if raw is not None:
        back = url_for("credit_scores.show", credit_score_id=credit_score_id)
        response.headers["Refresh"] = f"{service.SHOWN_SECONDS}; url={back}"
    return response
