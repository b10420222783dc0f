"""Logs and metrics."""

import huaweicloudsdkfunctiongraph.v2 as fg
from huaweicloudsdkcore.exceptions import exceptions

import typed
from calls import life, log_detail, logs
from judge import check, equal, refused, step, wait


@step
def logs_are_found():
    detail = log_detail(life.urn)
    lines = wait("the log of a request", lambda: logs(detail, life.request_id))
    check(
        all(life.request_id in line.content for line in lines), "lines without the keyword:", lines
    )
    check(
        any("Finish invoke request" in line.content for line in lines),
        "there is no last line:",
        lines,
    )
    equal(logs(detail, "no-such-word"), [], "lines with a word that no line has")
    # Pages, as a client does that follows a log.
    lines = page = logs(detail, "invoke request", limit=100)
    while page:
        page = logs(
            detail,
            "invoke request",
            limit=100,
            line_num=lines[-1].line_num,
            search_type="forwards",
        )
        lines = lines + page
        check(len(lines) < 5000, "the pages do not end")
    check(len(lines) > 400, f"{len(lines)} lines of more than 200 invocations")
    numbers = [line.line_num for line in lines]
    equal(len(set(numbers)), len(numbers), "the number of different lines")
    newest = logs(detail, "invoke request", limit=1, is_desc=True)
    equal([line.line_num for line in newest], numbers[-1:], "the newest line")


@step
def logs_are_enabled_once():
    try:
        life.functions.enable_lts_logs(fg.EnableLtsLogsRequest())
    except exceptions.ClientRequestException as error:
        equal(error.error_code, "FSS.1221", "the code")
    with refused(400, "FSS.1221"):
        life.functions.enable_lts_logs(fg.EnableLtsLogsRequest())


def total(points):
    """The sum of a metric. A minute in which nothing ran has the value -1."""
    return sum(point.value for point in points if point.value > 0)


@step
def what_ran_is_measured():
    fields = (
        "count",
        "duration",
        "fail_count",
        "max_duration",
        "min_duration",
        "reject_count",
        "function_error_count",
        "system_error_count",
        "concurrency_num",
        "reserved_instance_num",
    )
    sla = typed.answer(
        life.functions.show_function_metrics(
            fg.ShowFunctionMetricsRequest(func_urn=life.urn, period="60")
        ),
        *fields,
        "instance_num",
    )
    runs = total(sla.count)
    check(runs >= 200, f"{runs} invocations were counted, and there were more than 200")
    check(total(sla.fail_count) >= 1, "no failure was counted")
    check(all(point.timestamp > 1_700_000_000 for point in sla.count), "times:", sla.count[:2])
    typed.answer(
        life.functions.list_function_statistics(
            fg.ListFunctionStatisticsRequest(func_urn=life.urn, period="60")
        ),
        *fields,
    )
    all_functions = typed.answer(
        life.functions.list_statistics(
            fg.ListStatisticsRequest(filter="monitor_data", period="60")
        ),
        "statistics",
    )
    check(
        total(all_functions.statistics.count) >= runs,
        "fewer invocations in all than of one function",
    )
    typed.answer(
        life.functions.list_statistics(fg.ListStatisticsRequest(filter="monthly_report")),
        "count",
        "gbs",
    )
