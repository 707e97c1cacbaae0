"""The feature space of a trained model: what `ltcl features` computes, writes and draws.

The figures themselves are pure functions, :mod:`ltcl.evaluation.functional`.
"""
