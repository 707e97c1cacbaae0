"""The benchmark of the input pipeline's switches at a small size."""

import pytest


@pytest.fixture
def benchmark(load):
    load('pipeline')
    return load('pipeline_switches')


def ratios(figures: list) -> dict[str, float]:
    """Of each comparison the ratio that the table gives, checked against the rates beside it."""
    values = {figure.name: figure.value for figure in figures}
    found = {name: value for name, value in values.items() if name.endswith(': speed against without it')}
    for name, value in found.items():
        rates = [values[f'{name.partition(": speed")[0]}, {form}: rate'] for form in ('with it', 'without it')]
        assert value == pytest.approx(rates[0] / rates[1])
    return found


def test_files(benchmark, tmp_path):
    contents = benchmark.draw_files(2, 300, 400)
    paths = benchmark.write_files(tmp_path, contents, 'jpg')
    reduced = ratios(benchmark.measure_reduced(paths, rounds=1))
    assert [name.split(',')[1].split(':')[0] for name in reduced] == [' evaluation', ' PaCo', ' BCL']
    paths = benchmark.write_files(tmp_path, list(map(benchmark.as_png, contents)), 'png')
    assert len(ratios(benchmark.measure_memory('PNG', paths, rounds=1))) == 1


def test_device(benchmark):
    files = benchmark.draw_files(2, 40, 50)
    assert len(ratios(benchmark.measure_workers(files, rounds=1))) == 2
    figures = benchmark.measure_device('cpu', files, rounds=1, batch_size=2)
    assert [figure.name.rpartition(', ')[2] for figure in figures] == [
        'augmentation with it: rate',
        'augmentation without it: rate',
    ] * 2
