/// The `;name=value` parameters of a URI or of a header value, in order; names are compared without case.
///
/// Names and values are held plain: without the escapes of a URI and without the quotes of a header.
package struct SIPParameters: Hashable, Sendable {
    package struct Parameter: Hashable, Sendable {
        package let name: String
        /// Nil for a parameter without `=`.
        package let value: String?
    }

    package private(set) var all: [Parameter]

    package init() { all = [] }

    package var isEmpty: Bool { all.isEmpty }
    package var count: Int { all.count }

    package func contains(_ name: String) -> Bool { index(of: name) != nil }

    /// The value of a parameter; nil when it is absent or has none.
    ///
    /// Setting nil removes the parameter.
    package subscript(name: String) -> String? {
        get { index(of: name).flatMap { all[$0].value } }
        set {
            if let newValue { set(name, newValue) } else { remove(name) }
        }
    }

    /// Puts a parameter in its old place or at the end; without a value it is a flag (`lr`).
    package mutating func set(_ name: String, _ value: String? = nil) {
        let parameter = Parameter(name: name, value: value)
        if let index = index(of: name) { all[index] = parameter } else { all.append(parameter) }
    }

    package mutating func remove(_ name: String) {
        all.removeAll { equalIgnoringCase($0.name, name) }
    }

    mutating func append(_ parameter: Parameter) {
        // Who has one has mostly two.
        if all.isEmpty { all.reserveCapacity(2) }
        all.append(parameter)
    }

    private func index(of name: String) -> Int? {
        let length = name.utf8.count
        let all = self.all.span
        for index in all.indices where all[index].name.utf8.count == length {
            if all[index].name == name || equalIgnoringCase(all[index].name, name) { return index }
        }
        return nil
    }
}

extension SIPParameters: ExpressibleByDictionaryLiteral {
    package init(dictionaryLiteral elements: (String, String?)...) {
        all = elements.map { Parameter(name: $0, value: $1) }
    }
}
