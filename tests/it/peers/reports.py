"""Checks reports by validators that are not ours: `xmlschema` for JUnit's XML, `jsonschema` for SARIF and for the JSON report.

usage: reports.py KIND SCHEMA FILE...      KIND is xml or json; prints what is wrong, with exit code 1
"""
import json
import sys
import xml.etree.ElementTree

import jsonschema
import xmlschema


def no_duplicates(pairs):
    names = [name for name, _ in pairs]
    if len(names) != len(set(names)):
        raise ValueError(f"a member twice: {names}")
    return dict(pairs)


def xml_errors(schema):
    validator = xmlschema.XMLSchema11(schema)
    return lambda path: [error.reason for error in validator.iter_errors(xml.etree.ElementTree.parse(path))]


def json_errors(schema):
    with open(schema, encoding="utf-8") as file:
        document = json.load(file)
    kind = jsonschema.validators.validator_for(document)
    kind.check_schema(document)
    for needed in ("date-time", "uri", "uri-reference"):
        assert needed in kind.FORMAT_CHECKER.checkers, needed
    validator = kind(document, format_checker=kind.FORMAT_CHECKER)

    def errors(path):
        with open(path, encoding="utf-8", newline="") as file:
            report = json.load(file, object_pairs_hook=no_duplicates, parse_constant=lambda name: 1 / 0)
        return [f"{error.json_path}: {error.message[:300]}" for error in validator.iter_errors(report)]

    return errors


kind, schema, *files = sys.argv[1:]
errors = {"xml": xml_errors, "json": json_errors}[kind](schema)
wrong = 0
for path in files:
    try:
        found = errors(path)
    except Exception as error:  # what is no XML or no JSON at all
        found = [f"{type(error).__name__}: {error}"]
    wrong += len(found)
    for line in found:
        print(f"{path}: {line}")
print(f"{len(files)} checked, {wrong} wrong")
sys.exit(1 if wrong or not files else 0)
