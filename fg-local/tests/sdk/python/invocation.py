"""Synchronous and asynchronous invocations."""

import datetime
import json

import huaweicloudsdkfunctiongraph.v2 as fg

import typed
from calls import ended, invoke, life
from judge import check, equal, step


@step
def it_is_invoked():
    answer = invoke(life.urn, {"item": "tea"})
    equal(answer.status, 200, "the status in the answer")
    equal(json.loads(answer.result), {"text": "One! One tea.", "number": 1}, "the result")
    equal(answer.x_cff_request_id, answer.request_id, "the request id in the header")
    check(not answer.log, "a log that was not asked for:", answer.log)
    # The instance is kept.
    answer = invoke(f"{life.urn}:latest", {"item": "tea"}, tail=True)
    life.request_id = answer.request_id
    equal(json.loads(answer.result)["number"], 2, "the number of the order")
    check(answer.request_id in answer.log, "the log does not name the request:", answer.log)
    check(
        "Start invoke request" in answer.log and "Finish invoke request" in answer.log,
        "the log:",
        answer.log,
    )
    # Without a version of the answer's format, the result comes as it is.
    request = fg.InvokeFunctionRequest(function_urn=life.greeter, body={"name": "Ada"})
    equal(
        json.loads(life.functions.invoke_function(request).raw_content),
        {"message": "Hello, Ada!"},
        "the result as it is",
    )


@step
def a_failed_invocation_is_an_answer():
    answer = invoke(life.urn, {"no": "item"}, tail=True)
    check(answer.status != 200, "the status in the answer is 200")
    failure = json.loads(answer.result)
    check(failure["errorMessage"] and failure["errorType"], "the result:", failure)


@step
def it_is_invoked_asynchronously():
    request = fg.AsyncInvokeFunctionRequest(function_urn=life.urn, body={"item": "tea"})
    answer = life.functions.async_invoke_function(request)
    typed.answer(answer, "request_id")
    equal(answer.status_code, 202, "the status")
    record = ended(life.urn, answer.request_id)
    equal(record.status, "SUCCESS", "the state of the invocation")
    check(
        record.start_time <= datetime.datetime.now(datetime.timezone.utc),
        "it started at",
        record.start_time,
    )
    check(record.end_time, "it has no end")
    failing = life.functions.async_invoke_function(
        fg.AsyncInvokeFunctionRequest(function_urn=life.urn, body={"no": 1})
    )
    record = ended(life.urn, failing.request_id)
    equal(record.status, "FAIL", "the state of a failed invocation")
    check(record.error_message, "a failed invocation without a message")
    # Filters.
    now = datetime.datetime.now(datetime.timezone.utc)
    hour = datetime.timedelta(hours=1)
    for filters, wanted in (
        (dict(), 2),
        (dict(status="SUCCESS"), 1),
        (dict(status="FAIL"), 1),
        (dict(status="WAIT"), 0),
        (dict(limit="1"), 1),
        (dict(marker="1"), 1),
        (dict(query_begin_time=now - hour, query_end_time=now + hour), 2),
        (dict(query_begin_time=now - 2 * hour, query_end_time=now - hour), 0),
        (dict(query_begin_time=(now - hour).strftime("%Y-%m-%dT%H:%M:%S")), 2),
    ):
        found = life.functions.list_async_invocations(
            fg.ListAsyncInvocationsRequest(function_urn=life.urn, **filters)
        )
        typed.answer(found, "invocations", "count")
        equal(len(found.invocations), wanted, f"the number of invocations with {filters}")
    none = life.functions.list_active_async_invocations(
        fg.ListActiveAsyncInvocationsRequest(function_urn=life.urn)
    )
    equal(typed.answer(none, "invocations", "count").invocations, [], "what runs")
