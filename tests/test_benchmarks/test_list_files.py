"""The benchmark of list files at a small size."""

import types


def test_figures(load):
    list_files = load('list_files')
    seconds, size, copies = list_files.measure(types.SimpleNamespace(images=9000))
    assert (seconds.goal, size.goal, copies.goal) == (3.0, None, 0.5)
    assert seconds.value > 0
    assert 0.5 < size.value < 2  # a hundred bytes an image


def test_lines_are_those_of_a_published_list(load, tmp_path):
    load('list_files').write_list(tmp_path / 'list.txt', 3, num_classes=2)
    lines = (tmp_path / 'list.txt').read_text().splitlines()
    assert [line.split()[1] for line in lines] == ['0', '1', '0']
    assert all(line.split()[0].endswith('.jpg') for line in lines)
