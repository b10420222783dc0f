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
    # Pages.
    everything = logs(detail, "invoke request", limit=100)
    page = logs(detail, "invoke request", limit=2)
    equal(
        [line.line_num for line in page],
        [line.line_num for line in everything[:2]],
        "the first page",
    )
    page = logs(
        detail, "invoke request", limit=2, line_num=page[-1].line_num, search_type="forwards"
    )
    equal(
        [line.line_num for line in page],
        [line.line_num for line in everything[2:4]],
        "the second page",
    )
    last = logs(detail, "invoke request", limit=1, is_desc=True)
    equal(last[0].line_num, logs(detail, "invoke request", limit=100)[-1].line_num, "the last line")


@step
def logs_are_enabled_once():
    try:
        life.functions.enable_lts_logs(fg.EnableLtsLogsRequest())
    except exceptions.ClientRequestException as error:
        equal(error.error_code, "FSS.1221", "the code")
    with refused(400, "FSS.1221"):
        life.functions.enable_lts_logs(fg.EnableLtsLogsRequest())


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
    runs = sum(point.value for point in sla.count)
    check(runs >= 200, f"{runs} invocations were counted, and there were more than 200")
    check(sum(point.value for point in sla.fail_count) >= 1, "no failure was counted")
    check(all(point.timestamp > 1_700_000_000 for point in sla.count), "times:", sla.count[:2])
    typed.answer(
        life.functions.list_function_statistics(
            fg.ListFunctionStatisticsRequest(func_urn=life.urn, period="60")
        ),
        *fields,
    )
    total = typed.answer(
        life.functions.list_statistics(
            fg.ListStatisticsRequest(filter="monitor_data", period="60")
        ),
        "statistics",
    )
    check(
        sum(point.value for point in total.statistics.count) >= runs,
        "fewer invocations in all than of one function",
    )
    typed.answer(
        life.functions.list_statistics(fg.ListStatisticsRequest(filter="monthly_report")),
        "count",
        "gbs",
    )
