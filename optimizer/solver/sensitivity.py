"""First-order sensitivities: d(objective)/d(parameter) for every parameter, from one plan and its duals.

By the envelope theorem the derivative is that of the Lagrangian at the optimum with plan and duals held. One
reverse sweep through the function tape and one through the coefficient tape give it for all parameters.
"""

from __future__ import annotations

import numpy as np

from optimizer.program.program import Pattern
from optimizer.program.tape import Array
from optimizer.solver.solution import Solution


def sensitivity(solution: Solution) -> Array:
    """d(objective)/d(parameter) along the parameter vector, in the model's sense and units.

    One-sided where the optimum is degenerate, and exact to the order of the certified gap.
    """
    program = solution.program
    numbers = program.at(solution.parameters)
    x, duals, bounds = solution.x, solution.row_duals, solution.column_duals
    values = program.coefficient_tape.values(solution.parameters[:, None])
    seed = np.zeros(program.coefficient_tape.size)

    _seed_matrix(seed, program.matrix, -duals, x)
    np.add.at(seed, program.constant_node, -duals)
    at_upper = duals * program.sense > 0
    for nodes, binding in ((program.upper_node, at_upper), (program.lower_node, ~at_upper)):
        used = binding & (nodes >= 0)
        np.add.at(seed, nodes[used], duals[used])
    only_objective = np.zeros(len(program.objective_constant_node))
    only_objective[0] = 1.0
    _seed_matrix(seed, program.objective, only_objective, x)
    np.add.at(seed, program.objective_constant_node, only_objective)
    above = bounds * program.sense > 0
    for nodes, binding in ((program.column_upper_node, above), (program.column_lower_node, ~above)):
        np.add.at(seed, nodes[binding], bounds[binding])

    tape, functions = program.function_tape, program.functions
    leaves = numbers.leaves(x)
    inner, _ = numbers.components(leaves[:, None])
    # row -1, the objective, reads the entry appended last
    weight = -np.append(duals, -1.0)[functions.component_row] * functions.in_body
    inner_seed = np.zeros_like(inner)
    np.add.at(inner_seed[:, 0], functions.component_node, weight)
    gradient = tape.gradient(inner, inner_seed)[:, 0]
    of_leaves, of_imported = gradient[: len(leaves)], gradient[len(leaves) :]
    _seed_matrix(seed, program.leaf_matrix, of_leaves, x)
    np.add.at(seed, program.leaf_constant_node, of_leaves)
    np.add.at(seed, program.imported_node, of_imported)
    return program.coefficient_tape.gradient(values, seed[:, None])[:, 0]


def _seed_matrix(seed: Array, pattern: Pattern, row_weight: Array, x: Array) -> None:
    """Add row_weight*x to the nodes of a matrix's entries."""
    np.add.at(seed, pattern.nodes, row_weight[pattern.owners] * x[pattern.columns])
