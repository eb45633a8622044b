"""Rules for delivery: segments, the service they must have, the service beyond which more is useless."""

from __future__ import annotations

import math

import numpy as np

from models.parameters import Array
from optimizer.instance.resolving.registry import rule
from optimizer.instance.resolving.view import View


def demand_multiple(growth_per_year: float, saturation: float, years: Array) -> Array:
    """Demand `years` after the base state over that of the base state: an S-curve from 1 to `saturation`."""
    return saturation / (1.0 + (saturation - 1.0) * np.exp(-growth_per_year * years))


@rule(
    "segment_ref",
    "segments.*.delivery_share",
    *("countries.{country}.fleet.chips.*", "countries.{country}.fleet.research_share"),
    uses=["delivery_h100e", "compute_floor"],
)
def segment_ref(view: View) -> Array:
    """Delivery in the base state that was observed: a fleet that a patch changes is wanted no more than the
    one before."""
    fleet = view.observed_fleet(view.country)
    delivered = view["delivery_h100e"] @ view.chip_map(fleet.chips) * (1.0 - fleet.research_share.number())
    compute = max(float(delivered), float(view["compute_floor"]))
    shares = [segment.delivery_share.number() for segment in view.settings.segments.values()]
    return compute * np.array(shares)


@rule("segment_floor", "segments.*.floor_share", uses=["segment_ref"])
def segment_floor(view: View) -> Array:
    shares = [segment.floor_share.number() for segment in view.settings.segments.values()]
    return np.array(shares) * view["segment_ref"]


@rule("passthrough", "segments.*.passthrough")
def passthrough(view: View) -> Array:
    return np.array([segment.passthrough.number() for segment in view.settings.segments.values()])


@rule(
    "demand",
    "segments.*.demand_growth_per_year",
    "segments.*.demand_saturation_multiple",
    "countries.{country}.delivery.demand_growth_per_year",
    uses=["passthrough", "openness", "efficiency0"],
)
def demand(view: View) -> Array:
    """Service demanded where the base state meets it, log units, shape (segments, periods)."""
    # the leader's efficiency in the base state is 0, so only the country's own part remains
    served_with = (1.0 - view["openness"]) * view["efficiency0"]
    own = view.nation.delivery.demand_growth_per_year
    rows = []
    for segment, through in zip(view.settings.segments.values(), view["passthrough"], strict=True):
        growth = segment.demand_growth_per_year if own is None else own
        multiple = demand_multiple(
            growth.number(), segment.demand_saturation_multiple.number(), view.calendar.elapsed
        )
        rows.append(through * served_with + np.log(multiple))
    return np.array(rows).reshape(len(rows), len(view.sets.periods))


@rule("service_floor", "countries.{country}.delivery.required_multiple", uses=["demand"])
def service_floor(view: View) -> Array:
    return view["demand"] + math.log(view.nation.delivery.required_multiple.number())


@rule("shortfall_weight", "segments.*.delivery_share", uses=["demand"])
def shortfall_weight(view: View) -> Array:
    """Each segment's share of the compute that is required; what all segments have in common cancels."""
    shares = [segment.delivery_share.number() for segment in view.settings.segments.values()]
    required = np.array(shares)[:, None] * np.exp(view["demand"])
    weights: Array = required / required.sum(axis=0)
    return weights


@rule("service_ceiling", "segments.*.satiation_multiple", uses=["service_floor"])
def service_ceiling(view: View) -> Array:
    satiation = [segment.satiation_multiple.number() for segment in view.settings.segments.values()]
    ceiling: Array = view["service_floor"] + np.log(np.array(satiation))[:, None]
    return ceiling


@rule("w_segment", "objectives.{objective}.segment_weights.*")
def w_segment(view: View) -> Array:
    weights = view.weights.segment_weights
    return np.array([weights[segment].number() for segment in view.settings.segments])
