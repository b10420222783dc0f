"""Checks that an answer is as the SDK's models say: the JSON that came, and the object made of it.

The SDK converts silently (`int("5")`, `bool("false")`, a lone value into a list), so the JSON is
checked too.
"""

import datetime
import inspect
import json
import re

# IAM sends `null` for the pages before the first and after the last.
MAY_BE_NULL = {("Links", "previous"), ("Links", "next")}


class Wrong(AssertionError):
    """An answer that differs from its model."""


def answer(response, *present, empty=False):
    """Checks a response against its own class, and that the fields named in `present` are there."""
    model = type(response)
    if empty:
        return response
    try:
        raw = json.loads(response.raw_content)
    except ValueError:
        raise Wrong(f"{model.__name__}: not JSON: {response.raw_content[:200]!r}") from None
    attributes = dict(model.attribute_map)
    if list(attributes.values()) == ["body"]:
        # The answer is an array. The SDK leaves `body` empty if it has no items.
        _json(raw, model.openapi_types["body"], _package(model), model.__name__)
        _object(
            response.body or [], raw, model.openapi_types["body"], _package(model), model.__name__
        )
        return response
    _json_model(raw, model, model.__name__)
    _object_model(response, raw, model, model.__name__)
    for name in present:
        if raw.get(name) is None:
            raise Wrong(f"{model.__name__}: `{name}` is missing; there are {sorted(raw)}")
    return response


def echoes(request_body, response, *but):
    """Checks that the response has what the request's body had."""
    for name in request_body.openapi_types:
        wanted = getattr(request_body, name)
        if wanted is None or name in but or name not in response.openapi_types:
            continue
        got = getattr(response, name)
        if _plain(got) != _plain(wanted):
            raise Wrong(
                f"{type(response).__name__}.{name}: {_plain(got)!r}, sent was {_plain(wanted)!r}"
            )


def required(model):
    """The attributes that the model sets without asking whether they are `None`."""
    source = inspect.getsource(model.__init__)
    return [
        name
        for name in model.openapi_types
        if re.search(rf"\n        self\.{name} = {name}\n", source)
    ]


def _plain(value):
    """A model as what its JSON has, without the fields that are not set."""
    if hasattr(value, "openapi_types"):
        fields = {name: _plain(getattr(value, name)) for name in value.openapi_types}
        return {name: field for name, field in fields.items() if field is not None}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return value


def _package(model):
    """The module that the SDK looks models up in."""
    return inspect.getmodule(model).__package__


def _class(name, package):
    module = __import__(package, fromlist=[name])
    return getattr(module, name)


def _json(value, kind, package, place):
    """Checks JSON against a type of the SDK, such as `list[Resources]`."""
    if value is None:
        return
    if kind.startswith("list["):
        _is(value, list, place)
        for index, item in enumerate(value):
            if item is None:
                raise Wrong(f"{place}[{index}]: null in an array")
            _json(item, kind[5:-1], package, f"{place}[{index}]")
    elif kind.startswith("dict("):
        _is(value, dict, place)
        for key, item in value.items():
            _json(item, kind[5:-1].split(", ", 1)[1], package, f"{place}.{key}")
    elif kind in ("str", "datetime"):
        _is(value, str, place)
    elif kind == "bool":
        _is(value, bool, place)
    elif kind == "int":
        _is(value, int, place)
    elif kind == "float":
        _is(value, (int, float), place)
    elif kind != "object":
        _json_model(value, _class(kind, package), place)


def _is(value, kind, place):
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise Wrong(f"{place}: {value!r} is not of type {kind}")


def _json_model(value, model, place):
    _is(value, dict, place)
    demanded = required(model)
    for name, kind in model.openapi_types.items():
        wire = model.attribute_map[name]
        may_be_null = (model.__name__, wire) in MAY_BE_NULL and wire in value
        if name in demanded and value.get(wire) is None and not may_be_null:
            raise Wrong(
                f"{place}: `{wire}` of {model.__name__} is missing; there are {sorted(value)}"
            )
        _json(value.get(wire), kind, _package(model), f"{place}.{wire}")


def _object(value, raw, kind, package, place):
    """Checks the object that the SDK made against the type, and against the JSON."""
    if raw is None:
        return
    if kind.startswith("list["):
        _is(value, list, place)
        if len(value) != len(raw):
            raise Wrong(f"{place}: {len(value)} items of {len(raw)}")
        for index, (item, raw_item) in enumerate(zip(value, raw)):
            _object(item, raw_item, kind[5:-1], package, f"{place}[{index}]")
    elif kind.startswith("dict("):
        _is(value, dict, place)
        for key, raw_item in raw.items():
            _object(value[key], raw_item, kind[5:-1].split(", ", 1)[1], package, f"{place}.{key}")
    elif kind == "datetime":
        # Not parsed if it does not end with Z; see `Client._deserialize_data_time`.
        if not isinstance(value, datetime.datetime):
            raise Wrong(f"{place}: the SDK could not parse the time {value!r}")
        if value.utcoffset() != datetime.timedelta():
            raise Wrong(f"{place}: {value!r} is not in UTC")
    elif kind in ("str", "bool", "int", "float"):
        _is(value, {"str": str, "bool": bool, "int": int, "float": float}[kind], place)
        if value != raw:
            raise Wrong(f"{place}: {value!r} was made of {raw!r}")
    elif kind != "object":
        model = _class(kind, package)
        _is(value, model, place)
        _object_model(value, raw, model, place)


def _object_model(value, raw, model, place):
    for name, kind in model.openapi_types.items():
        wire = model.attribute_map[name]
        if wire in raw:
            _object(getattr(value, name), raw[wire], kind, _package(model), f"{place}.{wire}")
