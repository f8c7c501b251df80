import CallModel

/// Recordings that are kept elsewhere, in an object store.
package struct StoredRecordings: Sendable {
    /// An address under which anybody can fetch it for a while.
    package let link: @Sendable (_ path: String) -> String
    /// Whether it is there; nil when that cannot be found out.
    package let has: @Sendable (_ path: String) async -> Bool?

    package init(
        link: @escaping @Sendable (_ path: String) -> String, has: @escaping @Sendable (_ path: String) async -> Bool?
    ) {
        (self.link, self.has) = (link, has)
    }
}

extension CallRecord {
    /// The place of its recording in the object store; nil when it is not there.
    var objectPath: String? {
        guard let url = recordingURL, url.hasPrefix("s3://") else { return nil }
        return recordingPath ?? String(url.dropFirst("s3://".count))
    }
}
