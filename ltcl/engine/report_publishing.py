"""The report of a run, written, drawn and printed."""

from pathlib import Path

from mmengine.runner import EpochBasedTrainLoop, Runner

from ltcl.analysis.report_files import draw_report, write_report
from ltcl.analysis.report_table import print_report
from ltcl.analysis.tested_files import OWN_TEST, prefix_of_page, prefix_of_test
from ltcl.analysis.training_figure import TrainingCurves

from .run_logs import warn_only


def publish(
    runner: Runner,
    report: dict,
    with_table: bool,
    tested: str | None = None,
    predictions: Path | None = None,
    curves: TrainingCurves | None = None,
) -> None:
    """Write, draw and print, each whatever became of the one before.

    Args:
        runner: The runner.
        report: From :func:`ltcl.analysis.run_report.build_report`.
        with_table: Whether it is printed.
        tested: Which images a test is of, ``'test'``, ``'val'`` or the name of another set; None for a training.
        predictions: File of the answers; None: the one that lies in the work dir and fits.
        curves: Values of the training iterations.
    """
    work_dir, files = Path(runner.work_dir), []
    file_prefix = '' if tested is None else prefix_of_test(tested)
    with warn_only(runner, 'The report could not be written'):
        files += write_report(report, work_dir, file_prefix)
    with warn_only(runner, 'The pictures of the report could not be drawn'):
        files += draw_report(report, work_dir, file_prefix, curves)
    with warn_only(runner, 'The page of the report could not be written'):
        # A second of imports, which the start of a training need not pay for.
        from ltcl.report.page import PAGE_FILE, write_page
        from ltcl.report.run_files import read_run

        images = tested or OWN_TEST
        page = work_dir / f'{prefix_of_page(images)}{PAGE_FILE}'
        write_page([read_run(work_dir, predictions, images)], page)
        files.append(page)
    with warn_only(runner, 'The report could not be printed'):
        if with_table:
            print_report(report, files)


def training_curves(runner: Runner) -> TrainingCurves:
    logged = {name.removeprefix('train/'): buffer.data[0] for name, buffer in runner.message_hub.log_scalars.items()}
    values = {name: logged[name] for name in logged if name in ('loss', 'lr') or 'loss_' in name}
    by_epoch = isinstance(runner.train_loop, EpochBasedTrainLoop)
    return TrainingCurves(values, runner.iter, len(runner.train_dataloader) if by_epoch else None)
