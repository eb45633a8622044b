"""The mathematics: one country's plan as a Pyomo model, and the same plan run forward."""
