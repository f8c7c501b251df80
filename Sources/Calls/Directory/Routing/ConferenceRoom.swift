/// A conference that everybody who may dial its number can enter.
package struct ConferenceRoom: Hashable, Sendable {
    package let name: String
    /// What is dialled.
    package let number: String

    package init(name: String, number: String) { (self.name, self.number) = (name, number) }

    /// Members at once, beyond which nobody is let in.
    package static let maximumMembers = 64
}
