"""Every recorded case must be reproduced; a family or an array that nothing reads is a failure."""

from harness import load_case, run_case


def test_recorded_case(method, family, case_path):
    run_case(method, family, load_case(case_path))
