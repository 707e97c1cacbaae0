"""What the commands share: options, config checks, processes, one-line errors.

Nothing here imports torch or a model at the top, so that a mistyped option is answered at once.
"""

from .building import build_runner, import_mmpretrain, import_scope, without_remarks
from .configs import apply_options, check_option, config_options, load_config, run_options, set_options
from .errors import explain, report_user_errors
from .processes import leave_processes, start_processes

__all__ = [
    'apply_options',
    'build_runner',
    'check_option',
    'config_options',
    'explain',
    'import_mmpretrain',
    'import_scope',
    'leave_processes',
    'load_config',
    'report_user_errors',
    'run_options',
    'set_options',
    'start_processes',
    'without_remarks',
]
