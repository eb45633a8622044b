"""The mathematics: one country's plan as a Pyomo model, and the same plan run forward."""

import pyomo.common.dependencies as _dependencies

# Pyomo answers the first import of scipy by importing scipy.stats, which takes half a second and which
# nothing here needs. Without this entry it does so only where it uses scipy itself.
_callbacks = getattr(getattr(_dependencies, "DeferredImportCallbackFinder", None), "_callbacks", {})
_callbacks.pop("scipy", None)
