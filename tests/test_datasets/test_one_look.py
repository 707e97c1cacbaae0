"""A folder is looked at once for a whole command."""

import pytest

from ltcl.datasets.one_look import looked_once, one_look


@pytest.fixture
def look():
    looks = []

    @looked_once
    def count(paths, how='all'):
        looks.append((paths, how))
        return len(looks)

    return count


def test_outside_of_a_command_each_call_looks(look):
    assert [look(['a']), look(['a'])] == [1, 2]


def test_within_it_the_same_arguments_have_one_answer(look):
    with one_look():
        assert [look(['a', 'b']), look(('a', 'b')), look(['a', 'c']), look(['a', 'b'], how='none')] == [1, 1, 2, 3]
    with one_look():
        assert look(['a', 'b']) == 4  # another command looks anew


def test_a_look_that_fails_is_repeated():
    answers = iter([OSError('gone'), 3])

    @looked_once
    def look():
        answer = next(answers)
        if isinstance(answer, OSError):
            raise answer
        return answer

    with one_look():
        with pytest.raises(OSError, match='gone'):
            look()
        assert [look(), look()] == [3, 3]
