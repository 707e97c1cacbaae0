"""Geometric operations, each with strengths to try."""

WARPS = {
    'rotate': [30, -28, 3],
    'shear_x': [0.3, -0.21],
    'shear_y': [0.3, -0.29],
    'translate_x': [0.45, -0.431],
    'translate_y': [0.45, -0.431],
}
