"""MLflow, told by its environment where runs go."""

import os
from typing import Any

from mmengine.visualization import MLflowVisBackend as MMEngineMLflowVisBackend

from ltcl.registry import VISBACKENDS

VARIABLE = 'MLFLOW_TRACKING_URI'
DATABASE = 'sqlite:///mlflow.db'


@VISBACKENDS.register_module()
class MLflowVisBackend(MMEngineMLflowVisBackend):
    """mmengine's back end for MLflow, which ``mlflow ui`` shows in the folder where the training was started.

    mmengine's own passes the environment by and writes a folder of files, which MLflow from version 3 on refuses.

    Args:
        save_dir: Where the files are that MLflow gets a copy of.
        tracking_uri: Server or database; None is what ``MLFLOW_TRACKING_URI`` names, without it ``sqlite:///mlflow.db``,
            MLflow's own default.
        kwargs: As of mmengine's.
    """

    def __init__(self, save_dir: str, tracking_uri: str | None = None, **kwargs: Any) -> None:
        uri = tracking_uri or os.environ.get(VARIABLE) or DATABASE
        super().__init__(save_dir, tracking_uri=uri, **kwargs)
