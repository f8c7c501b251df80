import Wire

/// The header fields of a message, in order.
///
/// A field keeps the bytes of its value and, for the headers that routing and dialogs live on, what they mean. A value
/// made here can hold no line break and no NUL (they become spaces), so that no text from outside can add a header.
package struct SIPHeaders: Sendable {
    /// One header line.
    ///
    /// An object, because messages hand their fields on as they are.
    package final class Field: Sendable {
        package let name: SIPHeaderName
        /// The name as it came or will be written; nil for the usual spelling of a known name.
        let spelling: ArraySlice<UInt8>?
        /// Unfolded and trimmed.
        let bytes: ArraySlice<UInt8>
        let meaning: Meaning

        init(name: SIPHeaderName, spelling: ArraySlice<UInt8>?, bytes: ArraySlice<UInt8>, meaning: Meaning) {
            (self.name, self.spelling, self.bytes, self.meaning) = (name, spelling, bytes, meaning)
        }

        package var nameText: String { spelling.map(SIP.text) ?? name.text }
        package var value: String { SIP.text(bytes) }
    }

    /// The parsed form of the values in one field.
    enum Meaning: Sendable {
        case unread
        case vias([Via])
        case addresses([NameAddress])
        case cseq(CSeq)
    }

    package private(set) var fields: [Field]

    package init() { fields = [] }

    init(fields: [Field]) { self.fields = fields }

    // MARK: Any header

    package func contains(_ name: SIPHeaderName) -> Bool { fields.contains { $0.name == name } }

    /// The first value of a header, whole.
    ///
    /// Setting puts one field in the place of all of that name; nil removes them.
    package subscript(name: SIPHeaderName) -> String? {
        get { first(name)?.value }
        set { replace(name, with: newValue.map { [Field(name, $0)] } ?? []) }
    }

    /// As the other subscript, for a name outside `SIPHeaderName`; what cannot be a name is not set.
    package subscript(name: String) -> String? {
        get {
            let known = SIPHeaderName(name)
            return known == .other ? fields.first { $0.isNamed(name) }?.value : self[known]
        }
        set {
            fields.removeAll { $0.isNamed(name) }
            if let newValue { append(name, newValue) }
        }
    }

    /// Every field's value of that name, whole.
    package func all(_ name: SIPHeaderName) -> [String] { values(of: name) { [$0.value] } }

    /// The items of a comma-separated header (Allow, Supported …) over all its fields.
    package func list(_ name: SIPHeaderName) -> [String] {
        values(of: name) { splitList($0.bytes).prefix(SIPLimits.listValues).map(SIP.text) }
    }

    package mutating func append(_ name: SIPHeaderName, _ value: String) {
        guard name != .other else { return }
        fields.append(Field(name, value))
    }

    /// Adds a header by any name; a name that is no token is left out.
    package mutating func append(_ name: String, _ value: String) {
        guard !name.isEmpty, name.utf8.allSatisfy(Grammar.isToken) else { return }
        let known = SIPHeaderName(name)
        fields.append(
            Field(
                name: known, spelling: known == .other ? ArraySlice(name.utf8) : nil, bytes: Field.cleaned(value),
                meaning: Field.meaning(of: known, Field.cleaned(value))))
    }

    package mutating func remove(_ name: SIPHeaderName) { fields.removeAll { $0.name == name } }

    /// Adds every field of that name of another message, byte for byte.
    package mutating func copy(_ name: SIPHeaderName, from other: SIPHeaders) {
        fields.append(contentsOf: other.fields.lazy.filter { $0.name == name })
    }

    // MARK: Inside the module

    /// By its place: a search for the object itself retains each on the way.
    func first(_ name: SIPHeaderName) -> Field? { fields.firstIndex { $0.name == name }.map { fields[$0] } }

    /// What `read` makes of each field of a name, in one list.
    func values<Value>(of name: SIPHeaderName, _ read: (Field) -> [Value]) -> [Value] {
        guard let first = fields.firstIndex(where: { $0.name == name }) else { return [] }
        var values = read(fields[first])
        for index in fields.indices.dropFirst(first + 1) where fields[index].name == name {
            values += read(fields[index])
        }
        return values
    }

    /// Puts fields where the first of that name stood, or at the end, and drops the others.
    mutating func replace(_ name: SIPHeaderName, with replacement: [Field]) {
        guard name != .other else { return }
        guard let index = fields.firstIndex(where: { $0.name == name }) else {
            fields.append(contentsOf: replacement)
            return
        }
        fields.removeAll { $0.name == name }
        fields.insert(contentsOf: replacement, at: index)
    }

    /// Puts one field in the place of all of its name.
    mutating func set(_ field: Field) {
        if contains(field.name) { replace(field.name, with: [field]) } else { fields.append(field) }
    }

    mutating func insert(_ field: Field, at index: Int) { fields.insert(field, at: index) }
    mutating func remove(at index: Int) { fields.remove(at: index) }
    mutating func append(_ field: Field) { fields.append(field) }
}

extension SIPHeaders.Field {
    /// A value from text, with line breaks and NULs made spaces.
    convenience init(_ name: SIPHeaderName, _ value: String) {
        let bytes = Self.cleaned(value)
        self.init(name: name, spelling: nil, bytes: bytes, meaning: Self.meaning(of: name, bytes))
    }

    convenience init(_ name: SIPHeaderName, vias: [Via]) {
        self.init(name, Self.joined(vias) { $0.append(to: &$1) }, .vias(vias))
    }

    convenience init(_ name: SIPHeaderName, addresses: [NameAddress]) {
        self.init(name, Self.joined(addresses) { $0.append(to: &$1) }, .addresses(addresses))
    }

    convenience init(cseq: CSeq) {
        self.init(.cseq, Array(cseq.description.utf8), .cseq(cseq))
    }

    private convenience init(_ name: SIPHeaderName, _ bytes: [UInt8], _ meaning: SIPHeaders.Meaning) {
        let isClean = !bytes.contains { $0 == 0 || $0 == UInt8.lineFeed || $0 == UInt8.carriageReturn }
        self.init(
            name: name, spelling: nil, bytes: isClean ? ArraySlice(bytes) : Self.cleaned(bytes), meaning: meaning)
    }

    func isNamed(_ text: String) -> Bool {
        if let spelling { return equalIgnoringCase(spelling, text) }
        return equalIgnoringCase(name.text, text)
    }

    static func cleaned(_ value: String) -> ArraySlice<UInt8> { cleaned(Array(value.utf8)) }

    private static func cleaned(_ bytes: [UInt8]) -> ArraySlice<UInt8> {
        let isSafe = { (byte: UInt8) in byte != 0 && byte != UInt8.lineFeed && byte != UInt8.carriageReturn }
        let safe = bytes.allSatisfy(isSafe) ? bytes : bytes.map { isSafe($0) ? $0 : UInt8.space }
        return trimmed(ArraySlice(safe))
    }

    /// What a value means; `unread` for headers read on demand and for what is malformed.
    static func meaning(of name: SIPHeaderName, _ bytes: ArraySlice<UInt8>) -> SIPHeaders.Meaning {
        switch name {
        case .via: parseList(bytes, limit: SIPLimits.vias, Via.parse).map { .vias($0) } ?? .unread
        case .from, .to: NameAddress.parse(bytes).map { .addresses([$0]) } ?? .unread
        case .contact, .route, .recordRoute:
            parseList(bytes, limit: SIPLimits.listValues, NameAddress.parse).map { .addresses($0) } ?? .unread
        case .cseq: CSeq.parse(bytes).map { .cseq($0) } ?? .unread
        default: .unread
        }
    }

    private static func joined<Value>(_ values: [Value], _ append: (Value, inout [UInt8]) -> Void) -> [UInt8] {
        var bytes: [UInt8] = []
        for value in values {
            if !bytes.isEmpty { bytes.append(", ") }
            append(value, &bytes)
        }
        return bytes
    }
}
