"""The documents' examples as they are printed, and what the program says compared with them, key by key.

Wherever the two differ the contract has decided, and the place is named in a table with the reason; an entry of a table
that nothing needs, and an example that nothing replayed, are failures.
"""

import contextlib
import json
import re

from world import DOCUMENTS

UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
MOMENT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z"

# Keys that any rendered call may have beside those of its document: the other documents' and our own (rule 0.2).
CALL_KEYS = set("""
uuid numericId state statuses eventId
id callId rk city avitoName phoneClient phoneAts dateCreate status duration recordUrl recordingPath recordingProcessedAt
recordingEmailSent mangoData operatorId operator phone avito callDirection entryId createdAt updatedAt
caller_number receiver_number accepted_at answered_at ended_at notes assigned_user_id answered_by_user_id
caller_company_id customer_name company email call_purpose priority is_on_hold tags tags_list
assigned_user_first_name assigned_user_last_name answered_user_first_name answered_user_last_name caller_company_name
caller_company_inn customer_company customer_email customer_phone follow_up_date outcome recording_url transfer_count
started_at channel_id is_muted is_speaker_on
sessionId direction from to extension startTime answerTime endTime recording customerId customerName orderId
clientId phoneNumber recordingUrl transcript summary sentiment confidenceScore startedAt answeredAt endedAt sessions
""".split())
OWN_CALL_KEYS = {"uuid", "numericId", "state", "statuses"}


class Other:
    """What stands where the document prints something else: this value, or a text or number of this pattern."""

    def __init__(self, reason, value=None, pattern=None, kind=str):
        self.reason, self.value, self.pattern, self.kind = reason, value, pattern, kind

    def fits(self, actual):
        if self.pattern is None:
            return actual == self.value and type(actual) is type(self.value)
        return type(actual) is self.kind and re.fullmatch(self.pattern, str(actual)) is not None


def any_uuid(reason):
    return Other(reason, pattern=UUID)


def any_moment(reason):
    return Other(reason, pattern=MOMENT)


def any_number(reason):
    return Other(reason, pattern=r"[1-9]\d*", kind=int)


class Added:
    """Keys that the contract adds to an object of the document."""

    def __init__(self, reason, *keys):
        self.reason, self.keys = reason, set(keys)


class First:
    """The document prints the first of several elements; the others have its keys and kinds of values."""

    def __init__(self, reason):
        self.reason = reason


def call_of_all_documents():
    return Added("0.2: a call has the keys of the other documents, too", *CALL_KEYS)


class Replay:
    """The examples of one document, and the table of what the contract has decided otherwise.

    The table maps (example, path in it) to `Other`, `Added` or `First`.
    """

    def __init__(self, document, table):
        self.examples = json.loads((DOCUMENTS / document / "examples.json").read_text())
        self.table, self._seen, self._used = table, set(), set()

    @contextlib.contextmanager
    def to_the_end(self):
        """Inside, every example must be taken and every row of the table used."""
        yield self
        left = [example for index, example in enumerate(self.examples) if index not in self._seen]
        assert left == [], f"examples that were not replayed: {left}"
        assert set(self.table) - self._used == set(), "differences that are none"

    def take(self, **wanted):
        """The one example with these members; it counts as replayed."""
        found = [(index, example) for index, example in enumerate(self.examples) if wanted.items() <= example.items()]
        [(index, example)] = [one for one in found if one[0] not in self._seen] or found[:1] or [(None, None)]
        assert example is not None, f"nothing printed is like {wanted}"
        self._seen.add(index)
        return example

    def compare(self, example, actual, printed, path="$"):
        """Fails with all differences that the table does not know, each with its path."""
        problems = list(self._differences(example, actual, printed, path, strict=True))
        assert not problems, f"{example}:\n" + "\n".join(problems)

    def _rule(self, example, path, kind):
        rule = self.table.get((example, path))
        if not isinstance(rule, kind):
            return None
        self._used.add((example, path))
        return rule

    def _differences(self, example, actual, printed, path, strict):
        other = self.table.get((example, path))
        if isinstance(other, Other):
            self._used.add((example, path))
            if not other.fits(actual):
                yield f"{path}: {actual!r} instead of {other.pattern or other.value!r} ({other.reason})"
        elif type(actual) is not type(printed):
            # A null in the document says nothing of the kind of value; elements that are not printed may lack some.
            if printed is not None and (strict or actual is not None):
                yield f"{path}: {actual!r} is no {type(printed).__name__} like {printed!r}"
        elif isinstance(printed, dict):
            yield from self._objects(example, actual, printed, path, strict)
        elif isinstance(printed, list):
            yield from self._lists(example, actual, printed, path, strict)
        elif strict and actual != printed:
            yield f"{path}: {actual!r} instead of {printed!r}"

    def _objects(self, example, actual, printed, path, strict):
        added = self._rule(example, path, Added)
        allowed = added.keys if added else set()
        for key in printed.keys() - actual.keys():
            yield f"{path}.{key} is missing"
        for key in actual.keys() - printed.keys() - allowed:
            yield f"{path}.{key} is not in the document"
        if allowed >= OWN_CALL_KEYS and not OWN_CALL_KEYS <= actual.keys():
            yield f"{path} is a call without {OWN_CALL_KEYS - actual.keys()}"
        for key in printed.keys() & actual.keys():
            yield from self._differences(example, actual[key], printed[key], f"{path}.{key}", strict)

    def _lists(self, example, actual, printed, path, strict):
        if self._rule(example, path, First):
            for index, element in enumerate(actual):
                yield from self._differences(example, element, printed[0], f"{path}[]", strict and index == 0)
            return
        if strict and len(actual) != len(printed):
            yield f"{path}: {len(actual)} elements instead of {len(printed)}"
        for element, model in zip(actual, printed):
            yield from self._differences(example, element, model, f"{path}[]", strict)
