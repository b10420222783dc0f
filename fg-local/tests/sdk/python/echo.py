"""A function: prints its event, sleeps or fails if the event says so, and returns the event."""

import json
import os
import time
import urllib.request

BASE = f"http://{os.environ['RUNTIME_API_ADDR']}/v1/runtime/invocation"


def post(path, body):
    urllib.request.urlopen(
        urllib.request.Request(f"{BASE}/{path}", data=body, method="POST")
    ).read()


while True:
    with urllib.request.urlopen(f"{BASE}/request") as request:
        request_id = request.headers["X-Cff-Request-Id"]
        payload = request.read()
    print("received", payload.decode(), flush=True)
    event = json.loads(payload)
    time.sleep(event.get("sleep", 0))
    if event.get("fail"):
        failure = {"errorMessage": event["fail"], "errorType": "Asked"}
        post(f"error/{request_id}", json.dumps(failure).encode())
    else:
        post(f"response/{request_id}", payload)
