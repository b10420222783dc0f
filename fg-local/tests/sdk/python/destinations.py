"""What becomes of asynchronous invocations: their destinations, and their cancellation."""

import json
import time

import huaweicloudsdkfunctiongraph.v2 as fg

import typed
from calls import create, echo_package, ended, life, log_detail, logs
from judge import check, equal, refused, step, wait


@step
def a_result_goes_to_its_destination():
    typed.answer(create("receiver", echo_package()))
    life.receiver = life.urn.replace("shop", "receiver")
    destination = fg.FuncDestinationConfig(
        destination="FunctionGraph", param=json.dumps({"func_urn": life.receiver})
    )
    body = fg.UpdateFunctionAsyncInvokeConfigRequestBody(
        max_async_event_age_in_seconds=600,
        max_async_retry_attempts=0,
        enable_async_status_log=True,
        destination_config=fg.FuncAsyncDestinationConfig(
            on_success=destination, on_failure=destination
        ),
    )
    present = (
        "func_urn",
        "max_async_event_age_in_seconds",
        "max_async_retry_attempts",
        "destination_config",
        "created_time",
        "last_modified",
    )
    request = fg.UpdateFunctionAsyncInvokeConfigRequest(function_urn=life.greeter, body=body)
    changed = typed.answer(life.functions.update_function_async_invoke_config(request), *present)
    typed.echoes(body, changed)
    shown = typed.answer(
        life.functions.show_function_async_invoke_config(
            fg.ShowFunctionAsyncInvokeConfigRequest(function_urn=life.greeter)
        ),
        *present,
    )
    typed.echoes(body, shown)
    listed = typed.answer(
        life.functions.list_function_async_invoke_config(
            fg.ListFunctionAsyncInvokeConfigRequest(function_urn=life.greeter)
        ),
        "async_invoke_configs",
        "count",
        "page_info",
    )
    equal(listed.count, 1, "the number of configurations")

    detail = log_detail(life.receiver)
    for event, status, condition in (
        ({"name": "Ada"}, "SUCCESS", ""),
        ({}, "FAIL", "UnhandledInvocationError"),
    ):
        sent = life.functions.async_invoke_function(
            fg.AsyncInvokeFunctionRequest(function_urn=life.greeter, body=event)
        )
        equal(ended(life.greeter, sent.request_id).status, status, "the state of the invocation")
        line = wait("the destination's log", lambda: logs(detail, sent.request_id))[0].content
        notice = json.loads(line[line.index("{") :])
        equal(notice["request_context"]["request_id"], sent.request_id, "whose notice it is")
        equal(notice["request_context"]["condition"], condition, "its condition")
        equal(json.loads(notice["request_payload"]), event, "the event in it")

    gone = fg.DeleteFunctionAsyncInvokeConfigRequest(function_urn=life.greeter)
    equal(life.functions.delete_function_async_invoke_config(gone).status_code, 204, "the status")
    with refused(404):
        life.functions.show_function_async_invoke_config(
            fg.ShowFunctionAsyncInvokeConfigRequest(function_urn=life.greeter)
        )


@step
def an_asynchronous_invocation_is_cancelled():
    sent = life.functions.async_invoke_function(
        fg.AsyncInvokeFunctionRequest(
            function_urn=life.receiver, body={"sleep": 25, "cancelled": True}
        )
    )

    def running():
        found = life.functions.list_active_async_invocations(
            fg.ListActiveAsyncInvocationsRequest(
                function_urn=life.receiver, requests=sent.request_id
            )
        )
        return [one for one in typed.answer(found).invocations or [] if one.status == "RUNNING"]

    wait("an active invocation", running)
    began = time.monotonic()
    body = fg.CancelAsyncInvocationRequestBody(request_id=sent.request_id, type="force")
    done = life.functions.cancel_async_invocation(
        fg.CancelAsyncInvocationRequest(function_urn=life.receiver, body=body)
    )
    equal(done.status_code, 200, "the status")
    record = ended(life.receiver, sent.request_id)
    check(
        record.status in ("FAIL", "DISCARD"), "the state of a cancelled invocation:", record.status
    )
    check(time.monotonic() - began < 15, "it was waited for")
    body.request_id = "00000000-0000-4000-8000-000000000000"
    with refused(400):
        life.functions.cancel_async_invocation(
            fg.CancelAsyncInvocationRequest(function_urn=life.receiver, body=body)
        )
