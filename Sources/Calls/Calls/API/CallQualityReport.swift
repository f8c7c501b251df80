package import CallModel
package import Wire

/// How a call sounds at a moment, for those who follow it.
package struct CallQualityReport: Sendable, Equatable {
    package let uuid: UUID
    package let number: Int64
    package let quality: CallQuality
    /// Which leg is whose, by the ids of the pages in the call.
    package let legsOfParticipants: [String: Int]
    /// The legs whose figures are new; those of the others were told before.
    package let sampled: Set<Int>
    /// The call or a leg of it is over: for metrics alone.
    package let isLast: Bool

    package init(
        uuid: UUID, number: Int64, quality: CallQuality, legsOfParticipants: [String: Int] = [:],
        sampled: Set<Int> = [],
        isLast: Bool = false
    ) {
        (self.uuid, self.number, self.quality) = (uuid, number, quality)
        (self.legsOfParticipants, self.sampled, self.isLast) = (legsOfParticipants, sampled, isLast)
    }
}
