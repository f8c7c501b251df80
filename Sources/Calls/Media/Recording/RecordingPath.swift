package import Wire

/// What a recording is written as (`RECORDING_FORMAT`).
package enum RecordingFormat: String, Hashable, Sendable, CaseIterable {
    /// Linear samples of 16 bits.
    case wav
    /// Opus in Ogg (RFC 7845).
    case opus

    package var fileExtension: String { self == .wav ? "wav" : "ogg" }
    package var contentType: String { self == .wav ? "audio/wav" : "audio/ogg" }
}

/// Where a recording lies below the data folder: `recordings/2026-11-28/<uuid of the call>.wav`.
///
/// It is made of a day, a UUID and a number alone and read only in the form it is written in, so that no text from
/// outside can ever name another file.
package struct RecordingPath: Hashable, Sendable, CustomStringConvertible {
    package let day: CivilDate
    package let call: UUID
    /// 1 for the first recording of a call, 2 for the one after it was stopped and started again.
    package let part: Int
    package let format: RecordingFormat

    static let folder = "recordings"

    package init(call: UUID, at time: WallTime, part: Int, format: RecordingFormat) {
        day = CivilDate(daysSinceEpoch: time.seconds.floorDivided(by: 86_400))
        (self.call, self.part, self.format) = (call, part, format)
    }

    /// Nil for anything that `description` would not say.
    package init?(_ text: String) {
        let steps = text.split(separator: "/", omittingEmptySubsequences: false)
        guard steps.count == 3, steps[0] == Self.folder, let day = Self.day(steps[1]) else { return nil }
        let name = steps[2].split(separator: ".", omittingEmptySubsequences: false)
        let parts = name[0].split(separator: "_", omittingEmptySubsequences: false)
        guard name.count == 2, 1...2 ~= parts.count, let call = UUID(String(parts[0])),
            let part = parts.count == 1 ? 1 : ASCII.decimal(parts[1].utf8, maximumDigits: 4),
            let format = RecordingFormat.allCases.first(where: { $0.fileExtension == name[1] })
        else { return nil }
        (self.day, self.call, self.part, self.format) = (day, call, Int(part), format)
        guard description == text else { return nil }
    }

    private static func day(_ text: Substring) -> CivilDate? {
        let numbers = text.split(separator: "-", omittingEmptySubsequences: false).map {
            ASCII.decimal($0.utf8, maximumDigits: 4)
        }
        guard numbers.count == 3, let year = numbers[0], let month = numbers[1], let day = numbers[2] else {
            return nil
        }
        return CivilDate(year: Int64(year), month: Int64(month), day: Int64(day))
    }

    /// The day's folder, below `recordings`.
    var dayFolder: String { "\(day.year)-\(Self.twoDigits(day.month))-\(Self.twoDigits(day.day))" }

    var fileName: String { "\(call)\(part == 1 ? "" : "_\(part)").\(format.fileExtension)" }

    package var description: String { "\(Self.folder)/\(dayFolder)/\(fileName)" }

    private static func twoDigits(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }
}
