#!/usr/bin/env python3
"""The protocol a second time, from docs/PROTOCOL.md alone, checked against envelopes.json.

Everything that follows from the inputs in the vectors is computed here again and compared: the key's names and
fixed base, the plan's hash and signature, the sets and members of every component, ciphertexts, proofs and bytes of
the envelopes, their verification, folding, decryption, decoding and the names of a release; of open labels also the
digest and the threshold of a selection.

    python3 test/vectors/reproduce.py [path to envelopes.json]

Standard library only. Section numbers refer to docs/PROTOCOL.md. Not for production: nothing is constant-time.
"""

import base64
import hashlib
import hmac
import itertools
import json
import math
import secrets
import sys
import unicodedata
from collections import namedtuple
from fractions import Fraction
from pathlib import Path

CHALLENGE_BITS = 128
HIDING_BITS = 128
CHALLENGE_SIZE = CHALLENGE_BITS // 8
MODES = ("per-span", "coalesced")


# Notation: framing, hashes, text


def u64(number):
    return number.to_bytes(8, "big")


def H(label, *items):
    """SHA-256 over framed items: each one, the label first, is preceded by its length as a u32."""
    framed = [label.encode(), *items]
    return hashlib.sha256(b"".join(len(item).to_bytes(4, "big") + item for item in framed)).digest()


def name_of(kind):
    return "telemetry-kit/v1/" + kind


def b64u(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def from_b64u(text):
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if b64u(data) != text:
        raise ValueError("not canonical base64url")
    return data


def shortest(number):
    """The shortest big-endian encoding; 0 is empty."""
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


# Section 2: Paillier

Element = namedtuple("Element", "unit omega")


class PublicKey:
    def __init__(self, n):
        self.n = n
        self.square = n * n
        self.size = n.bit_length() // 8
        self.half = (n.bit_length() + 1) // 2
        self.response_size = (self.half + CHALLENGE_BITS + HIDING_BITS + 1 + 7) // 8
        self.bytes = n.to_bytes(self.size, "big")
        self.kid = hashlib.sha256(self.bytes).digest()
        self.hs = pow(self.fixed_root(), n, self.square)

    def fixed_root(self):
        """h: everyone derives it from n, nobody knows a root of it."""
        length = (self.n.bit_length() + 128 + 7) // 8
        blocks = range((length + 31) // 32)
        stream = b"".join(H(name_of("h"), self.bytes, u64(block)) for block in blocks)
        x = int.from_bytes(stream[:length], "big") % self.n
        return -x * x % self.n

    def obfuscation(self, exponent):
        return self.split(pow(self.hs, exponent, self.square))

    def split(self, w):
        """w = unit (1 + omega n) mod n^2."""
        unit = w % self.n
        return Element(unit, w // self.n * pow(unit, -1, self.n) % self.n)

    def join(self, element):
        return element.unit + self.n * (element.unit * element.omega % self.n)

    def add(self, element, number):
        """Multiply by (1 + n)^number: the number is added to omega."""
        return Element(element.unit, (element.omega + number) % self.n)

    def encode(self, element):
        return b"".join(part.to_bytes(self.size, "big") for part in element)

    def product(self, elements):
        return math.prod(self.join(element) for element in elements) % self.square


def decrypt(p, q, c):
    n = p * q
    if not 0 < c < n * n or math.gcd(c, n) != 1:
        raise ValueError("outside Z*_{n^2}")
    at_p, at_q = decrypt_modulo(p, q, c), decrypt_modulo(q, p, c)
    return at_q + q * ((at_p - at_q) * pow(q, -1, p) % p)


def decrypt_modulo(p, q, c):
    """c^(k (p-1)) = 1 + m k (p-1) q p = 1 - m k q p mod p^2, with a fresh odd k as the blinding."""
    blinding = secrets.randbits(64) | 1
    power = pow(c, blinding * (p - 1), p * p)
    return (power - 1) // p * pow(-q * blinding, -1, p) % p


# Section 3: what the values of a span add to the slots


def slot_width(measurement):
    return 128 if measurement["kind"] == "sum" else 48


def steps(measurement):
    """H of a sum: (max - min) / scale."""
    low, high, scale = (Fraction(measurement[name]) for name in ("min", "max", "scale"))
    return int((high - low) / scale)


def slot_bounds(measurement):
    """The most one span adds to each slot."""
    kind = measurement["kind"]
    if kind == "flag":
        return [1] if measurement.get("trueOnly") else [1, 1]
    if kind == "category":
        return [1] * (len(measurement["values"]) + bool(measurement.get("other")))
    if kind == "histogram":
        return [1] * (len(measurement["boundaries"]) + 1)
    if kind == "sum":
        return [steps(measurement), 1]
    first, second = (factor["max"] for factor in measurement["factors"])
    return [first, second, first * second]


def is_exclusive(measurement):
    """Whether a span adds to one of several slots only."""
    return measurement["kind"] in ("flag", "category", "histogram") and len(slot_bounds(measurement)) > 1


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool) and not math.isnan(value)


def clamp(value, low, high):
    return max(low, min(high, value))


def classify(measurement, attributes):
    """The slot increments of one span. What is missing, of the wrong type or undeclared adds nothing."""
    if measurement["kind"] == "product":
        return classify_product(measurement["factors"], attributes)
    value = attributes.get(measurement["attribute"])
    if measurement["kind"] == "sum":
        return classify_sum(measurement, value)
    slots = len(slot_bounds(measurement))
    chosen = CHOOSE_SLOT[measurement["kind"]](measurement, value)
    return [int(slot == chosen) for slot in range(slots)]


def flag_slot(_, value):
    return {True: 0, False: 1}[value] if isinstance(value, bool) else None


def category_slot(measurement, value):
    if not isinstance(value, str):
        return None
    values = measurement["values"]
    return values.index(value) if value in values else len(values)


def histogram_slot(measurement, value):
    """Buckets are (a, b]: the slot is the number of boundaries below the value."""
    return sum(boundary < value for boundary in measurement["boundaries"]) if is_number(value) else None


CHOOSE_SLOT = {"flag": flag_slot, "category": category_slot, "histogram": histogram_slot}


def classify_sum(measurement, value):
    """Exact on the shortest decimal form of the number, which is what repr gives; halves up."""
    if not is_number(value):
        return [0, 0]
    low, high, scale = (Fraction(measurement[name]) for name in ("min", "max", "scale"))
    exact = Fraction(repr(value)) if math.isfinite(value) else value
    return [math.floor((clamp(exact, low, high) - low) / scale + Fraction(1, 2)), 1]


def classify_product(factors, attributes):
    values = [attributes.get(factor["attribute"]) for factor in factors]
    if not all(isinstance(value, int) for value in values):
        return [0, 0, 0]
    x, y = (clamp(int(value), factor["min"], factor["max"]) for value, factor in zip(values, factors))
    return [x, y, x * y]


def pack(slots, width):
    return sum(slot << (width * position) for position, slot in enumerate(slots))


# Section 3: components, the public sets

# accumulator: where the receiver folds the ciphertext, None for `nothing` and for the proof of a total
Component = namedtuple("Component", "measurement number members accumulator is_total")


def digit_sets(bound):
    """Small sets whose sums are exactly [0, bound]."""
    sets = []
    while bound > 3:
        step = (bound + 1) // 4
        sets.append([0, step, 2 * step, 3 * step])
        bound -= 3 * step
    return [*sets, list(range(bound + 1))]


def digit_positions(sets, value):
    positions = []
    for members in sets:
        positions.append(min(len(members) - 1, value // members[1]))
        value -= members[positions[-1]]
    return positions


def one_of_slots(measurement):
    slots = len(slot_bounds(measurement))
    return [0, *(1 << (48 * slot) for slot in range(slots))]


def product_members(measurement):
    first, second = (range(factor["min"], factor["max"] + 1) for factor in measurement["factors"])
    return sorted({0, *(pack([x, y, x * y], 48) for x in first for y in second)})


def per_span_sets(measurement):
    if measurement["kind"] == "sum":
        return [*digit_sets(steps(measurement)), [0, 1 << 128]]
    if measurement["kind"] == "product":
        return [product_members(measurement)]
    return [one_of_slots(measurement)]


def per_span_positions(measurement, slots):
    sets = per_span_sets(measurement)
    if measurement["kind"] == "sum":
        return [*digit_positions(sets[:-1], slots[0]), slots[1]]
    return [sets[0].index(pack(slots, 48))]


def coalesced_groups(measurement, spans):
    """The digits of every slot, and of `nothing` where there is one."""
    groups = [digit_sets(spans * bound) for bound in slot_bounds(measurement)]
    return [*groups, digit_sets(spans)] if is_exclusive(measurement) else groups


def coalesced_positions(measurement, spans, slots):
    values = [*slots, spans - sum(slots)] if is_exclusive(measurement) else slots
    groups = coalesced_groups(measurement, spans)
    return [position for sets, value in zip(groups, values) for position in digit_positions(sets, value)]


def positions_of(report, spans, slots_by_measurement):
    """The position of the true member in every component, measurement by measurement."""
    pairs = zip(report["measurements"], slots_by_measurement)
    if report["mode"] == "per-span":
        return [per_span_positions(measurement, slots) for measurement, slots in pairs]
    return [coalesced_positions(measurement, spans, slots) for measurement, slots in pairs]


def members_and_accumulators(report, measurement, spans):
    if report["mode"] == "per-span":
        return [(members, 0) for members in per_span_sets(measurement)]
    slots = len(slot_bounds(measurement))
    return [
        (members, slot if slot < slots else None)
        for slot, sets in enumerate(coalesced_groups(measurement, spans))
        for members in sets
    ]


def components_of(report, spans):
    """Every component of an envelope in order. They follow from the plan and the span bound alone."""
    components = []
    for index, measurement in enumerate(report["measurements"]):
        pairs = members_and_accumulators(report, measurement, spans)
        for number, (members, accumulator) in enumerate(pairs):
            components.append(Component(index, number, members, accumulator, False))
        if report["mode"] == "coalesced" and is_exclusive(measurement):
            components.append(Component(index, len(pairs), [spans], None, True))
    if has_open_label(report):
        components.append(Component(len(report["measurements"]), 0, [0, 1], 0, False))
    return components


def has_open_label(report):
    return "selectionEpsilon" in report


def parts_of(report):
    """Measurements, and the unit count of an open label."""
    return len(report["measurements"]) + has_open_label(report)


# Section 3: decoding


def decode(plaintext, n, slots, width):
    """Total: any plaintext gives `slots` numbers, negative ones included."""
    half, limit = 1 << (width - 1), 1 << (width - 2)
    shifted = (plaintext + pack([half] * slots, width)) % n
    values = [(shifted >> (width * slot)) % (1 << width) - half for slot in range(slots)]
    return [clamp(value, -limit, limit) for value in values]


# Section 4: the plan


def jcs(document):
    """RFC 8785 for plans: sorted keys, no white space. Their numbers are integers and their keys ASCII."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def plan_hash(document):
    return H(name_of("plan"), jcs(document))


def plan_signature_message(document):
    return H(name_of("plan-signature"), jcs(document))


# Ed25519 (RFC 8032, section 5.1), points in affine coordinates

FIELD = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
CURVE_D = -121665 * pow(121666, -1, FIELD) % FIELD
ROOT_OF_MINUS_ONE = pow(2, (FIELD - 1) // 4, FIELD)
NEUTRAL = (0, 1)


def point_add(first, second):
    (x1, y1), (x2, y2) = first, second
    product = CURVE_D * x1 * x2 * y1 * y2
    x = (x1 * y2 + x2 * y1) * pow(1 + product, -1, FIELD)
    y = (y1 * y2 + x1 * x2) * pow(1 - product, -1, FIELD)
    return x % FIELD, y % FIELD


def point_multiply(scalar, point):
    result = NEUTRAL
    for bit in bin(scalar)[2:]:
        result = point_add(result, result)
        if bit == "1":
            result = point_add(result, point)
    return result


def point_encode(point):
    x, y = point
    return (y | (x & 1) << 255).to_bytes(32, "little")


def point_decode(data):
    encoded = int.from_bytes(data, "little")
    y, sign = encoded % 2**255, encoded >> 255
    x_squared = (y * y - 1) * pow(CURVE_D * y * y + 1, -1, FIELD) % FIELD
    x = pow(x_squared, (FIELD + 3) // 8, FIELD)
    if (x * x - x_squared) % FIELD:
        x = x * ROOT_OF_MINUS_ONE % FIELD
    if (x * x - x_squared) % FIELD or y >= FIELD or (x == 0 and sign):
        raise ValueError("not a point")
    return (x if x & 1 == sign else FIELD - x), y


BASE_POINT = point_decode((4 * pow(5, -1, FIELD) % FIELD).to_bytes(32, "little"))


def hash_to_scalar(*parts):
    return int.from_bytes(hashlib.sha512(b"".join(parts)).digest(), "little") % ORDER


def expand_seed(seed):
    digest = hashlib.sha512(seed).digest()
    scalar = int.from_bytes(digest[:32], "little") & ((1 << 254) - 8) | (1 << 254)
    return scalar, digest[32:]


def ed25519_public_key(seed):
    return point_encode(point_multiply(expand_seed(seed)[0], BASE_POINT))


def ed25519_sign(seed, message):
    scalar, prefix = expand_seed(seed)
    nonce = hash_to_scalar(prefix, message)
    commitment = point_encode(point_multiply(nonce, BASE_POINT))
    challenge = hash_to_scalar(commitment, ed25519_public_key(seed), message)
    return commitment + ((nonce + challenge * scalar) % ORDER).to_bytes(32, "little")


def ed25519_verify(public_key, message, signature):
    """Strict: canonical points and scalar, no key of small order, the equation without the cofactor."""
    response = int.from_bytes(signature[32:], "little")
    try:
        key, commitment = point_decode(public_key), point_decode(signature[:32])
    except ValueError:
        return False
    if len(signature) != 64 or response >= ORDER or point_multiply(8, key) == NEUTRAL:
        return False
    challenge = hash_to_scalar(signature[:32], public_key, message)
    return point_multiply(response, BASE_POINT) == point_add(commitment, point_multiply(challenge, key))


# Section 5: the envelope

VERSION = 1
Header = namedtuple("Header", "version kid plan_hash report mode window_start span_bound labels")
Branch = namedtuple("Branch", "commitment challenge response")
# The proof of a total has no ciphertext of its own
Subject = namedtuple("Subject", "component ciphertext branches")

FIXED_FIELDS = [
    ("version", 1),
    ("kid", 32),
    ("plan hash", 32),
    ("report", 2),
    ("mode", 1),
    ("window start", 8),
    ("span bound", 4),
]
HEADER_SIZE = sum(size for _, size in FIXED_FIELDS)


class Rejected(Exception):
    """Its argument is the reason."""


KEY_FOLLOWS = 0xFFFF
MOST_KEY_BYTES = 64


def encode_labels(labels):
    return b"".join(encode_key(label) if isinstance(label, str) else label.to_bytes(2, "big") for label in labels)


def encode_key(key):
    text = key.encode()
    return KEY_FOLLOWS.to_bytes(2, "big") + len(text).to_bytes(4, "big") + text


def encode_header(header):
    numbers = [header.report, MODES.index(header.mode), header.window_start, header.span_bound]
    sizes = [size for _, size in FIXED_FIELDS[3:]]
    fields = b"".join(number.to_bytes(size, "big") for number, size in zip(numbers, sizes))
    return bytes([header.version]) + header.kid + header.plan_hash + fields + encode_labels(header.labels)


def encode_envelope(key, header, subjects):
    parts = [encode_header(header)]
    for subject in subjects:
        if subject.ciphertext:
            parts.append(key.encode(subject.ciphertext))
        for branch in subject.branches:
            parts.append(key.encode(branch.commitment))
            parts.append(branch.challenge.to_bytes(CHALLENGE_SIZE, "big"))
            parts.append(branch.response.to_bytes(key.response_size, "big"))
    return b"".join(parts)


class Reader:
    def __init__(self, data):
        self.data = data
        self.offset = 0

    def take(self, size):
        if self.offset + size > len(self.data):
            raise Rejected("malformed")
        self.offset += size
        return self.data[self.offset - size : self.offset]

    def number(self, size):
        return int.from_bytes(self.take(size), "big")

    def element(self, key):
        return Element(self.number(key.size), self.number(key.size))

    def branch(self, key):
        return Branch(self.element(key), self.number(CHALLENGE_SIZE), self.number(key.response_size))


def parse_header(reader, key, plan):
    """Check 1 for the header: everything it names exists in the plan."""
    if reader.number(1) != VERSION:
        raise Rejected("unsupported_version")
    kid, digest, position, mode = reader.take(32), reader.take(32), reader.number(2), reader.number(1)
    window_start, span_bound = reader.number(8), reader.number(4)
    require(kid == key.kid and digest == plan_hash(plan), "malformed")
    require(position < len(plan["reports"]) and mode < len(MODES), "malformed")
    report = plan["reports"][position]
    require(report["mode"] == MODES[mode] and span_bound in allowed_span_bounds(report), "malformed")
    require(window_start % plan["window"]["seconds"] == 0, "malformed")
    labels = [read_label(reader, label) for label in labels_of(plan, report)]
    return Header(VERSION, kid, digest, position, MODES[mode], window_start, span_bound, labels)


def labels_of(plan, report):
    labels = {label["key"]: label for label in plan["labels"]}
    return [labels[key] for key in report["labels"]]


def read_label(reader, label):
    number = reader.number(2)
    if "open" not in label:
        require(number < len(label["values"]), "malformed")
        return number
    require(number == KEY_FOLLOWS, "malformed")
    size = reader.number(4)
    require(0 < size <= MOST_KEY_BYTES, "malformed")
    try:
        key = reader.take(size).decode()
    except UnicodeDecodeError as error:
        raise Rejected("malformed") from error
    require(all(unicodedata.category(character) != "Cc" for character in key), "malformed")
    require(size <= label.get("longest", MOST_KEY_BYTES), "labels")
    return key


def require(condition, reason):
    if not condition:
        raise Rejected(reason)


def allowed_span_bounds(report):
    return [1] if report["mode"] == "per-span" else report["spanBounds"]


def label_sizes(plan, report):
    return [len(label["values"]) for label in labels_of(plan, report)]


def parse_envelope(key, plan, data):
    reader = Reader(data)
    header = parse_header(reader, key, plan)
    subjects = []
    for component in components_of(plan["reports"][header.report], header.span_bound):
        ciphertext = None if component.is_total else reader.element(key)
        branches = [reader.branch(key) for _ in component.members]
        subjects.append(Subject(component, ciphertext, branches))
    require(reader.offset == len(data), "malformed")
    return header, subjects


# Section 6: the proof


def contribution_id(key, header, measurements, subjects):
    items = [u64(header.version), header.kid, key.bytes, header.plan_hash]
    items += [u64(header.report), u64(MODES.index(header.mode)), u64(header.window_start), u64(header.span_bound)]
    items += [encode_labels(header.labels), u64(measurements)]
    for component, ciphertext, _ in subjects:
        values = 1
        items += [u64(component.measurement), u64(component.number), u64(len(component.members)), u64(values)]
        items += [shortest(member) for member in component.members]
        items += [key.encode(ciphertext)] if ciphertext else []
    return H(name_of("contribution"), *items)


def challenge_of(key, contribution, commitments):
    digest = H(name_of("challenge"), contribution, *(key.encode(commitment) for commitment in commitments))
    return int.from_bytes(digest[-CHALLENGE_SIZE:], "big")


def commitments_of(subjects):
    return [branch.commitment for subject in subjects for branch in subject.branches]


Randomness = namedtuple("Randomness", "alphas gammas drawn")
Sealed = namedtuple("Sealed", "subjects contribution challenge")


def seal(key, header, report, positions, randomness):
    """The prover: ciphertexts, then commitments, then the one challenge, then responses."""
    components = components_of(report, header.span_bound)
    alphas, positions = witnesses(components, randomness.alphas, positions)
    gammas, drawn = iter(randomness.gammas), iter(randomness.drawn)
    subjects, secret_gammas = [], []
    for component, alpha, position in zip(components, alphas, positions):
        subject, used = commit(key, component, alpha, position, gammas, drawn)
        subjects.append(subject)
        secret_gammas.append(used)
    contribution = contribution_id(key, header, parts_of(report), subjects)
    challenge = challenge_of(key, contribution, commitments_of(subjects))
    answered = map(answer, subjects, alphas, positions, secret_gammas, [challenge] * len(subjects))
    return Sealed(list(answered), contribution, challenge)


def witnesses(components, alphas, positions):
    """Exponent and true position per component. The exponent of a total is the sum of its measurement's."""
    alphas, positions = iter(alphas), iter(positions)
    exponents, places, sums = [], [], {}
    for component in components:
        alpha = sums[component.measurement] if component.is_total else next(alphas)
        sums[component.measurement] = sums.get(component.measurement, 0) + alpha
        exponents.append(alpha)
        places.append(0 if component.is_total else next(positions))
    return exponents, places


def commit(key, component, alpha, position, gammas, drawn):
    """Steps 1 and 2. The challenge of the true branch is not known yet; what was drawn for it is unused."""
    true_member = component.members[position]
    ciphertext = None if component.is_total else key.add(key.obfuscation(alpha), true_member)
    used, branches = [], []
    for member in component.members:
        used.append(next(gammas))
        challenge = 0 if component.is_total else next(drawn)
        commitment = key.add(key.obfuscation(used[-1]), (member - true_member) * challenge)
        branches.append(Branch(commitment, challenge, None))
    return Subject(component, ciphertext, branches), used


def answer(subject, alpha, position, gammas, challenge):
    """Step 3."""
    challenges = [branch.challenge for branch in subject.branches]
    others = sum(challenges) - challenges[position]
    challenges[position] = (challenge - others) % (1 << CHALLENGE_BITS)
    branches = [
        Branch(branch.commitment, e, gamma + alpha * e)
        for branch, e, gamma in zip(subject.branches, challenges, gammas)
    ]
    return subject._replace(branches=branches)


def verify(key, plan, data):
    """Checks 1 to 6 in order; raises Rejected with the reason of the first that fails."""
    header, subjects = parse_envelope(key, plan, data)
    branches = [branch for subject in subjects for branch in subject.branches]
    elements = commitments_of(subjects) + [subject.ciphertext for subject in subjects if subject.ciphertext]
    require(all(0 < unit < key.n and 0 <= omega < key.n for unit, omega in elements), "element_range")
    require(all(0 <= branch.challenge < 1 << CHALLENGE_BITS for branch in branches), "challenge_range")
    bound = 1 << (key.half + CHALLENGE_BITS + HIDING_BITS + 1)
    require(all(0 <= branch.response < bound for branch in branches), "response_range")
    contribution = contribution_id(key, header, parts_of(plan["reports"][header.report]), subjects)
    challenge = challenge_of(key, contribution, commitments_of(subjects))
    require(all(challenges_add_up(subject, challenge) for subject in subjects), "challenge_sum")
    require(all(equations_hold(key, subject, subjects) for subject in subjects), "equation")
    return contribution, subjects


def challenges_add_up(subject, challenge):
    total = sum(branch.challenge for branch in subject.branches)
    return total % (1 << CHALLENGE_BITS) == challenge


def equations_hold(key, subject, subjects):
    c = proved_ciphertext(key, subject, subjects)
    pairs = zip(subject.component.members, subject.branches)
    return all(equation_holds(key, c, member, branch) for member, branch in pairs)


def proved_ciphertext(key, subject, subjects):
    """The ciphertext a proof is about: for a total the product of all of its measurement."""
    if not subject.component.is_total:
        return key.join(subject.ciphertext)
    measurement = subject.component.measurement
    own = [other for other in subjects if other.component.measurement == measurement and other.ciphertext]
    return key.product(other.ciphertext for other in own)


def equation_holds(key, c, member, branch):
    """hs^z = +- a u^e with u = c (1 + n)^-d, and (1 + n)^-d = 1 - d n."""
    u = c * (1 - member * key.n) % key.square
    left = pow(key.hs, branch.response, key.square)
    right = key.join(branch.commitment) * pow(u, branch.challenge, key.square) % key.square
    return left in (right, key.square - right)


# Section 8: folding and names


def fold(key, subjects):
    """One ciphertext per measurement and accumulator."""
    groups = {}
    for component, ciphertext, _ in subjects:
        if component.accumulator is not None:
            groups.setdefault((component.measurement, component.accumulator), []).append(ciphertext)
    return {place: key.product(ciphertexts) for place, ciphertexts in groups.items()}


def combine(key, accumulators, width):
    """Accumulator i raised to 2^(w i), by Horner's rule: the aggregate the key holder sees."""
    aggregate = 1
    for ciphertext in reversed(accumulators):
        aggregate = pow(aggregate, 1 << width, key.square) * ciphertext % key.square
    return aggregate


def cell_items(identity):
    labels = identity["labels"]
    return [
        identity["kind"].encode(),
        from_b64u(identity["planHash"]),
        u64(identity["report"]),
        u64(identity["measurement"]),
        u64(len(labels)),
        *(item for label in labels for item in label_items(label)),
        u64(identity["rangeStart"]),
        u64(identity["rangeEnd"]),
    ]


def label_items(label):
    return [u64(KEY_FOLLOWS), label.encode()] if isinstance(label, str) else [u64(label)]


def selection_digest(aggregates):
    """Of [(key, [(kid, ciphertext)])]."""
    items = []
    for key, keyed in sorted(aggregates, key=lambda each: each[0].encode()):
        items += [key.encode(), u64(len(keyed))]
        items += [item for pair in sorted(keyed) for item in pair]
    return H(name_of("selection-aggregate"), *items)


def blinded(key, primes, identity, digest):
    """As the key holder's ledger has the digest of a selection."""
    blinding = H(name_of("digest-blinding-key"), *(prime.to_bytes(key.size, "big") for prime in sorted(primes)))
    return hmac.new(blinding, release_id(identity) + digest, hashlib.sha256).digest()


def threshold(plan, report):
    """Of the noised number of subjects, with the noise of both servers or of one."""
    [label] = [label for label in labels_of(plan, report) if "open" in label]
    keys, processes = label.get("keysPerSubject", 1), plan["privacy"]["bounds"].get("processes", 1)
    p = math.exp(-float(report["selectionEpsilon"]) / keys)
    selections = sum(map(has_open_label, plan["reports"]))
    delta = float(plan["privacy"]["delta"]) / selections / processes / keys
    tail = tail_of_two if plan["privacy"]["noise"] == "both" else tail_of_one
    return processes + next(m for m in itertools.count(1) if tail(p, m) <= delta)


def tail_of_one(p, m):
    return p**m / (1 + p)


def tail_of_two(p, m):
    series = (m + 1 + 2 * p * p / (1 - p * p)) / (1 - p) + p / (1 - p) ** 2
    return ((1 - p) / (1 + p)) ** 2 * p**m * series


def release_id(identity):
    kids = sorted(map(from_b64u, identity["kids"]))
    return H(name_of("release-id"), *cell_items(identity), u64(len(kids)), *kids)


def cell_id(identity):
    return H(name_of("cell-id"), *cell_items(identity))


# The comparison with the vectors


class Checks:
    def __init__(self):
        self.passed = 0
        self.failed = 0

    def equal(self, name, computed, expected):
        if computed == expected:
            self.passed += 1
            print(f"ok    {name}")
        else:
            self.failed += 1
            print(f"FAIL  {name}\n      computed {computed!r:.200}\n      expected {expected!r:.200}")

    def section(self, name, check, *arguments):
        """Inputs that cannot be worked with are a failure like any other."""
        try:
            check(self, *arguments)
        except Exception as error:
            self.failed += 1
            print(f"FAIL  {name}: {error!r:.200}")


def hexed(values):
    """The vectors' form of numbers, lists and elements."""
    if isinstance(values, int):
        return f"{values:x}"
    return [hexed(value) for value in values]


def unhexed(values):
    return int(values, 16) if isinstance(values, str) else [unhexed(value) for value in values]


def check_key(checks, key, p, q, expected):
    checks.equal("key: n = p q", hexed(p * q), expected["n"])
    checks.equal("key: p = q = 3 mod 4, gcd(p-1, q-1) = 2", (p % 4, q % 4, math.gcd(p - 1, q - 1)), (3, 3, 2))
    checks.equal("key: kid", b64u(key.kid), expected["kid"])
    base = key.split(key.hs)
    checks.equal("key: unit of the fixed base", hexed(base.unit), expected["base"]["unit"])
    checks.equal("key: omega of the fixed base", hexed(base.omega), expected["base"]["omega"])
    checks.equal("key: back from the split form", key.join(base), key.hs)


def check_plan(checks, expected):
    document, signed = expected["document"], expected["signed"]
    seed, message = bytes.fromhex(expected["ownerSeed"]), plan_signature_message(document)
    public_key, signature = from_b64u(signed["publicKey"]), from_b64u(signed["value"])
    checks.equal("plan: canonical form", jcs(document).decode(), expected["canonical"])
    checks.equal("plan: hash", b64u(plan_hash(document)), expected["hash"])
    checks.equal("plan: owner's public key", b64u(ed25519_public_key(seed)), signed["publicKey"])
    checks.equal("plan: signature", b64u(ed25519_sign(seed, message)), signed["value"])
    checks.equal("plan: signature algorithm", signed["algorithm"], "Ed25519")
    checks.equal("plan: signature verifies", ed25519_verify(public_key, message, signature), True)
    newer = plan_signature_message({**document, "sequence": document["sequence"] + 1})
    checks.equal("plan: signature of another plan is refused", ed25519_verify(public_key, newer, signature), False)


def check_slots(checks, vectors):
    measurements = vectors["plan"]["document"]["reports"][0]["measurements"]
    increments = [classify(measurement, vectors["attributes"]) for measurement in measurements]
    checks.equal("slots: widths", [slot_width(measurement) for measurement in measurements], vectors["slotWidths"])
    checks.equal("slots: increments of the attributes", hexed(increments), vectors["increments"])


def slots_sealed_in(vector, vectors):
    """The slots an envelope was made from: totals, the attributes of a span, or a span with no attribute."""
    report = vectors["plan"]["document"]["reports"][vector["report"]]
    if report["mode"] == "coalesced":
        return unhexed(vectors["coalescedTotals"])
    attributes = {} if vector["name"] == "per-span, nothing" else vectors["attributes"]
    return [classify(measurement, attributes) for measurement in report["measurements"]]


def header_of(key, plan, vector):
    mode = plan["reports"][vector["report"]]["mode"]
    start, bound, labels = vector["windowStart"], vector["spanBound"], vector["labels"]
    return Header(VERSION, key.kid, plan_hash(plan), vector["report"], mode, start, bound, labels)


def check_components(checks, vector, report, positions):
    computed = [{"sets": [], "members": members, "total": None} for members in positions]
    for component in components_of(report, vector["spanBound"]):
        entry = computed[component.measurement]
        if component.is_total:
            entry["total"] = hexed(component.members[0])
        else:
            entry["sets"].append(hexed(component.members))
    for part in ("sets", "members", "total"):
        name = f"{vector['name']}: {part} of the components"
        checks.equal(name, [entry[part] for entry in computed], [entry[part] for entry in vector["components"]])


def check_proof(checks, key, vector, header, sealed):
    name, subjects, expected = vector["name"], sealed.subjects, vector["subjects"]
    ciphertexts = [[hexed(key.split(proved_ciphertext(key, subject, subjects)))] for subject in subjects]
    checks.equal(f"{name}: ciphertexts", ciphertexts, [subject["ciphertexts"] for subject in expected])
    for part in ("commitment", "challenge", "response"):
        computed = [hexed(getattr(branch, part)) for subject in subjects for branch in subject.branches]
        wanted = [hexed(unhexed(branch[part])) for subject in expected for branch in subject["branches"]]
        checks.equal(f"{name}: {part}s", computed, wanted)
    checks.equal(f"{name}: contribution id", sealed.contribution.hex(), vector["contributionId"])
    checks.equal(f"{name}: challenge E", sealed.challenge, unhexed(vector["challenge"]))
    checks.equal(f"{name}: bytes of the envelope", b64u(encode_envelope(key, header, subjects)), vector["envelope"])


def outcome(key, plan, data):
    try:
        verify(key, plan, data)
        return "accepted"
    except Rejected as rejected:
        return rejected.args[0]


def field_layout(key, report, components):
    """(name, size) of every field in order."""
    fields = [*FIXED_FIELDS, *(("label", 2) for _ in report["labels"])]
    for component in components:
        prefix = "total " if component.is_total else ""
        branch = [("commitment unit", key.size), ("commitment omega", key.size)]
        branch += [("challenge", CHALLENGE_SIZE), ("response", key.response_size)]
        if not component.is_total:
            fields += [("ciphertext unit", key.size), ("ciphertext omega", key.size)]
        fields += [(prefix + name, size) for name, size in branch] * len(component.members)
    return fields


def last_fields(key, report, components):
    """The last field of every kind: name -> (start, end)."""
    places, offset = {}, 0
    for name, size in field_layout(key, report, components):
        places[name] = (offset, offset + size)
        offset += size
    return places


def flipped(data, position):
    return data[:position] + bytes([data[position] ^ 0x80]) + data[position + 1 :]


def replaced(data, place, value):
    start, end = place
    return data[:start] + value.to_bytes(end - start, "big") + data[end:]


def reason_for_flip(field):
    """Header fields stop naming anything in the plan; the challenge covers what the proof is about."""
    if field == "version":
        return "unsupported_version"
    if field in [name for name, _ in FIXED_FIELDS] or field == "label":
        return "malformed"
    return "equation" if field.endswith("response") else "challenge_sum"


def check_rejections(checks, key, plan, vector, data):
    report, name = plan["reports"][vector["report"]], vector["name"]
    places = last_fields(key, report, components_of(report, vector["spanBound"]))
    for field, (_, end) in places.items():
        result, reason = outcome(key, plan, flipped(data, end - 1)), reason_for_flip(field)
        checks.equal(f"{name}: flipped byte, {field}: {reason}", result, reason)
    for change, field, value, reason in other_changes(key, plan, report, vector):
        result = outcome(key, plan, replaced(data, places[field], value))
        checks.equal(f"{name}: {change}: {reason}", result, reason)
    checks.equal(f"{name}: a byte short: malformed", outcome(key, plan, data[:-1]), "malformed")
    checks.equal(f"{name}: a byte more: malformed", outcome(key, plan, data + b"\0"), "malformed")


def other_changes(key, plan, report, vector):
    """Well-formed headers the proof was not made for, and values just outside their range."""
    other_label = (vector["labels"][-1] + 1) % label_sizes(plan, report)[-1]
    response_bound = 1 << (key.half + CHALLENGE_BITS + HIDING_BITS + 1)
    return [
        ("the next window", "window start", vector["windowStart"] + plan["window"]["seconds"], "challenge_sum"),
        ("another label", "label", other_label, "challenge_sum"),
        ("unit 0", "ciphertext unit", 0, "element_range"),
        ("unit n", "commitment unit", key.n, "element_range"),
        ("omega n", "ciphertext omega", key.n, "element_range"),
        ("response too large", "response", response_bound, "response_range"),
    ]


def check_folding(checks, key, p, q, vector, report, subjects, slots):
    name, folded = vector["name"], fold(key, subjects)
    places = [(entry["measurement"], entry["accumulator"]) for entry in vector["folded"]]
    checks.equal(f"{name}: accumulators", sorted(folded), places)
    ciphertexts = [entry["ciphertext"] for entry in vector["folded"]]
    checks.equal(f"{name}: folded ciphertexts", hexed(folded.values()), ciphertexts)
    plaintexts = [decrypt(p, q, ciphertext) for ciphertext in folded.values()]
    checks.equal(f"{name}: decrypted", hexed(plaintexts), [entry["plaintext"] for entry in vector["folded"]])
    decoded = []
    for index, measurement in enumerate(report["measurements"]):
        accumulators = [folded[place] for place in sorted(folded) if place[0] == index]
        plaintext = decrypt(p, q, combine(key, accumulators, slot_width(measurement)))
        decoded.append(decode(plaintext, key.n, len(slot_bounds(measurement)), slot_width(measurement)))
    checks.equal(f"{name}: aggregates decode to the slots", decoded, slots)


def check_envelope(checks, key, p, q, plan, vector, vectors):
    report, header = plan["reports"][vector["report"]], header_of(key, plan, vector)
    slots = slots_sealed_in(vector, vectors)
    positions = positions_of(report, vector["spanBound"], slots)
    check_components(checks, vector, report, positions)
    randomness = Randomness(*(unhexed(vector[name]) for name in ("alphas", "gammas", "drawnChallenges")))
    sealed = seal(key, header, report, sum(positions, []), randomness)
    check_proof(checks, key, vector, header, sealed)
    data = from_b64u(vector["envelope"])
    checks.equal(f"{vector['name']}: verifies from its bytes", outcome(key, plan, data), "accepted")
    check_rejections(checks, key, plan, vector, data)
    _, subjects = parse_envelope(key, plan, data)
    check_folding(checks, key, p, q, vector, report, subjects, slots)


def check_decoding(checks, n, cases):
    for number, case in enumerate(cases):
        plaintext = unhexed(case["plaintext"])
        for width in (48, 128):
            expected = list(map(int, case[f"slots{width}"]))
            computed = decode(plaintext, n, len(expected), width)
            checks.equal(f"decoding {number}: slots of {width} bits", computed, expected)


def check_release(checks, expected):
    checks.equal("release: release id", b64u(release_id(expected["identity"])), expected["releaseId"])
    checks.equal("release: cell id", b64u(cell_id(expected["identity"])), expected["cellId"])


def check_open_labels(checks, key, p, q, expected):
    plan, vector = expected["plan"]["document"], expected["envelope"]
    [report] = plan["reports"]
    checks.equal("open label: plan hash", b64u(plan_hash(plan)), expected["plan"]["hash"])
    positions = [component["members"] for component in vector["components"]]
    check_components(checks, vector, report, positions)
    randomness = Randomness(*(unhexed(vector[name]) for name in ("alphas", "gammas", "drawnChallenges")))
    header = header_of(key, plan, vector)
    check_proof(checks, key, vector, header, seal(key, header, report, sum(positions, []), randomness))
    data = from_b64u(vector["envelope"])
    checks.equal("open label: verifies from its bytes", outcome(key, plan, data), "accepted")
    check_keys(checks, key, plan, data)
    folded = fold(key, parse_envelope(key, plan, data)[1])
    plaintexts = [hexed(decrypt(p, q, ciphertext)) for ciphertext in folded.values()]
    checks.equal("open label: decrypted", plaintexts, [entry["plaintext"] for entry in vector["folded"]])
    for name in ("selection", "cell"):
        identity = expected[name]["identity"]
        checks.equal(f"open label: release id of the {name}", b64u(release_id(identity)), expected[name]["releaseId"])
        checks.equal(f"open label: cell id of the {name}", b64u(cell_id(identity)), expected[name]["cellId"])
    aggregates = [
        (text, [(key.kid, bytes([fill]) * (2 * key.size))]) for text, fill in expected["digest"]["keys"].items()
    ]
    digest = selection_digest(aggregates)
    checks.equal("open label: digest of a selection", b64u(digest), expected["digest"]["value"])
    in_ledger = blinded(key, (p, q), expected["selection"]["identity"], digest)
    checks.equal("open label: digest in the ledger", b64u(in_ledger), expected["digest"]["blinded"])
    checks.equal("open label: threshold", str(threshold(plan, report)), expected["threshold"])


def check_keys(checks, key, plan, data):
    """The same components under other entries of the open label, which comes first."""
    size = int.from_bytes(data[HEADER_SIZE + 2 : HEADER_SIZE + 6], "big")
    before, after = data[:HEADER_SIZE], data[HEADER_SIZE + 6 + size :]

    def entry(text, marker=KEY_FOLLOWS, size=None):
        length = len(text) if size is None else size
        return before + marker.to_bytes(2, "big") + length.to_bytes(4, "big") + text + after

    cases = [
        ("another key", entry(b"search"), "challenge_sum"),
        ("an empty key", entry(b""), "malformed"),
        ("no UTF-8", entry(b"a\xff"), "malformed"),
        ("half a surrogate pair", entry(b"\xed\xa0\x80"), "malformed"),
        ("a control character", entry(b"a\0"), "malformed"),
        ("65 bytes", entry(b"x" * 65), "malformed"),
        ("more than the plan's longest", entry(b"x" * 21), "labels"),
        ("a length that is not the key's", entry(b"search", size=5), "malformed"),
        ("a position", entry(b"search", marker=0), "malformed"),
    ]
    for name, changed, reason in cases:
        checks.equal(f"open label: {name}: {reason}", outcome(key, plan, changed), reason)


def main(path):
    vectors = json.loads(Path(path).read_text(encoding="utf-8"))
    p, q, n = (unhexed(vectors["key"][name]) for name in ("p", "q", "n"))
    checks, key, plan = Checks(), PublicKey(n), vectors["plan"]["document"]
    checks.section("key", check_key, key, p, q, vectors["key"])
    checks.section("plan", check_plan, vectors["plan"])
    checks.section("slots", check_slots, vectors)
    for vector in vectors["envelopes"]:
        checks.section(vector["name"], check_envelope, key, p, q, plan, vector, vectors)
    checks.section("decoding", check_decoding, n, vectors["decoding"])
    checks.section("release", check_release, vectors["release"])
    checks.section("open labels", check_open_labels, key, p, q, vectors["openLabels"])
    print(f"{checks.passed} passed, {checks.failed} failed")
    return 1 if checks.failed else 0


if __name__ == "__main__":
    default = Path(__file__).with_name("envelopes.json")
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else default))
