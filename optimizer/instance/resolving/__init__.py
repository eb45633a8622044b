"""The rules that turn cells of an instance into the parameters of one country's plan.

`registry` holds the rules and `view` what they see; each other module states the rules of one section of
the model. `optimizer.instance.resolve` runs them.
"""
