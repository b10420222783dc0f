"""The life of functions, through the official SDK for Python as it is: everything about the server
comes from the environment, with the variables that the SDK documents.

HUAWEICLOUD_SDK_AK, HUAWEICLOUD_SDK_SK                      a key pair that the server knows
HUAWEICLOUD_SDK_IAM_ENDPOINT,
HUAWEICLOUD_SDK_REGION_{FUNCTIONGRAPH,LTS,IAM}_CN_NORTH_4   where the server is
FG_SDK_STATE, FG_SDK_GREET, FG_SDK_TIMER_CLEANUP            packages that start an example each

Each step is a function in one of the modules below. A step that fails is reported with the last
exchange, and the next goes on. The exit code is the number of failed steps, at most 100.
"""

import sys

import judge

# Their steps run in the order in which they are imported.
import creation  # noqa: F401
import invocation  # noqa: F401
import versions  # noqa: F401
import triggers  # noqa: F401
import destinations  # noqa: F401
import settings  # noqa: F401
import observation  # noqa: F401
import endings  # noqa: F401

if __name__ == "__main__":
    sys.exit(judge.run_all())
