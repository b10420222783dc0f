"""Runs steps, checks what they find, and reports each that failed with the last exchange."""

import contextlib
import os
import sys
import time
import traceback
import warnings

from huaweicloudsdkcore.exceptions import exceptions
from huaweicloudsdkcore.http.http_handler import HttpHandler
from huaweicloudsdkcore.warning.warning import SdkWarning

from typed import Wrong

PATIENCE = 60
STEPS = []


def step(function):
    STEPS.append(function)
    return function


def check(condition, *words):
    if not condition:
        raise Wrong(" ".join(str(word) for word in words))


def equal(got, wanted, what):
    check(got == wanted, f"{what}: {got!r}, not {wanted!r}")


def wait(what, ask, seconds=PATIENCE):
    """Asks until the answer is something, and returns it."""
    end = time.monotonic() + seconds
    while True:
        found = ask()
        if found:
            return found
        check(time.monotonic() < end, f"{what}: not within {seconds} s")
        time.sleep(0.05)


class Exchanges:
    """The last request and its answer, for the report of a failed step."""

    def __init__(self):
        self.last = None

    def remember(self, response, **_):
        self.last = response

    def __str__(self):
        if self.last is None:
            return "    no answer yet"
        request = self.last.request
        sent = (
            request.body.decode(errors="replace")
            if isinstance(request.body, bytes)
            else request.body
        )
        return (
            f"    > {request.method} {request.url}\n    > {(sent or '')[:300]}\n"
            f"    < {self.last.status_code} {dict(self.last.headers)}\n"
            f"    < {self.last.text[:1200]}"
        )


EXCHANGES = Exchanges()


def client(kind, region):
    handler = HttpHandler().add_response_handler(EXCHANGES.remember)
    return kind.new_builder().with_region(region).with_http_handler(handler).build()


@contextlib.contextmanager
def refused(status, code=None, kind=exceptions.ClientRequestException):
    """Something that is refused, as an exception with everything that the SDK takes from it."""
    try:
        yield
    except exceptions.ServiceResponseException as error:
        equal(type(error), kind, "the exception")
        equal(error.status_code, status, "the status")
        if code:
            equal(error.error_code, code, "the code")
        check(error.error_code and error.error_msg, "a code and a message are missing")
        # The SDK puts the body there if it has no message of its own.
        check(not error.error_msg.startswith("{"), "the message is the body:", error.error_msg)
        check(error.request_id, "X-Request-Id is missing")
    else:
        raise Wrong(f"nothing was refused, but {status} {code or ''} was expected")


def run_all():
    """Runs the steps, and returns the number of those that failed, at most 100."""
    # The SDK warns if it cannot make what its model says of a value.
    warnings.simplefilter("error", category=SdkWarning)
    passed = failed = 0
    for number, run in enumerate(STEPS, 1):
        EXCHANGES.last = None
        began = time.monotonic()
        try:
            run()
        except Exception as error:  # Whatever it is: the next step tells more.
            failed += 1
            where = traceback.extract_tb(error.__traceback__)
            here = os.path.dirname(os.path.abspath(__file__))
            ours = [frame for frame in where if os.path.dirname(frame.filename) == here]
            lines = ", ".join(f"{os.path.basename(one.filename)}:{one.lineno}" for one in ours[1:])
            print(f"FAILED {number} {run.__name__} ({lines})")
            print(f"    {type(error).__name__}: {error}\n{EXCHANGES}")
            if number <= 2:
                print("nothing else can be tried")
                break
        else:
            passed += 1
            print(f"ok {number} {run.__name__} ({time.monotonic() - began:.1f} s)")
        sys.stdout.flush()
    print(f"{passed} of {len(STEPS)} steps are as they should be")
    return min(failed, 100)
