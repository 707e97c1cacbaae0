"""The benchmark of precision and memory layout at a small size."""


def test_figures(load):
    backbone = dict(type='ltcl.CifarResNet', in_channels=1, base_channels=4, num_blocks=(1, 1, 1))
    figures = load('layout').measure_network('tiny', backbone, (2, 1, 8, 8), rounds=1, device='cpu')
    assert len({figure.name for figure in figures}) == 6
    assert all(figure.goal is None and figure.value > 0 for figure in figures)
