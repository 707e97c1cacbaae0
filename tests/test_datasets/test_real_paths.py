"""Real paths, as the system tells them."""

import os

from ltcl.datasets.real_paths import path_resolver


def test_links_of_files_and_of_folders_are_followed(tmp_path, monkeypatch):
    folder = tmp_path / 'real' / 'inner'
    folder.mkdir(parents=True)
    (folder / 'a.png').touch()
    (folder / 'b.png').symlink_to('a.png')
    (tmp_path / 'link').symlink_to(folder)
    monkeypatch.chdir(tmp_path)
    resolve = path_resolver()
    paths = ['link/a.png', 'link/b.png', 'real/../link/a.png', str(folder / 'a.png'), 'link/none.png', 'real/inner/']
    assert [resolve(path) for path in paths] == [os.path.realpath(path) for path in paths]
