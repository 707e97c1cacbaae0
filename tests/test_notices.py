"""Lines of a run, also where it is told to say nothing."""

from ltcl.notices import note, note_progress
from ltcl.own_folder.quietly import quiet
from ltcl.progress_bars import Work


def test_progress_is_told_where_a_run_is_quiet(capsys, monkeypatch):
    monkeypatch.setattr('ltcl.progress_bars.PERIOD', 0)
    work = Work('features', 10, say=note_progress)
    with quiet():
        note('not heard')
        work.advance(4)
    assert capsys.readouterr().err.startswith('features: 4 of 10 images')


def test_progress_stands_in_the_log_of_a_run(monkeypatch):
    logged = []
    monkeypatch.setattr('ltcl.notices.print_log', lambda text, **_: logged.append(text))
    note_progress('features: 4 of 10 images')
    assert logged == ['features: 4 of 10 images']
