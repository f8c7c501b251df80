import Foundation
import Testing
import Wire

@testable import API

/// Zones by the system's files, compared with those that Foundation has of its own, and by their rules alone.
@Suite struct ZoneClockTests {
    @Test(arguments: [
        "Europe/Moscow", "Europe/Berlin", "America/New_York", "America/Sao_Paulo", "Australia/Lord_Howe",
        "Asia/Kathmandu",
        "Asia/Kolkata", "Asia/Tehran", "Pacific/Apia", "Antarctica/Troll", "Europe/Dublin", "UTC",
    ])
    func `clocks show what Foundation says, from 1970 to 2099`(zone: String) throws {
        let clock = try #require(ZoneClock(name: zone))
        let reference = try #require(TimeZone(identifier: zone))
        for second in stride(from: 0, to: 4_100_000_000, by: 86_400 * 3 + 3_607) {
            let expected = reference.secondsFromGMT(for: Date(timeIntervalSince1970: Double(second)))
            #expect(clock.offset(at: Int64(second)) == Int64(expected), "\(second)")
        }
    }

    @Test func `a clock changes at the second it does`() throws {
        let berlin = try #require(ZoneClock(name: "Europe/Berlin"))
        let spring = try #require(WallTime(iso8601: "2025-03-30T01:00:00Z")).seconds
        #expect(berlin.offset(at: spring - 1) == 3600 && berlin.offset(at: spring) == 7200)
        let farSpring = try #require(WallTime(iso8601: "2099-03-29T01:00:00Z")).seconds
        #expect(berlin.offset(at: farSpring - 1) == 3600 && berlin.offset(at: farSpring) == 7200)
    }

    @Test(arguments: [
        ("MSK-3", "2025-07-01T00:00:00Z", Int64(10_800)), ("<+0530>-5:30", "2025-07-01T00:00:00Z", 19_800),
        ("CET-1CEST,M3.5.0,M10.5.0/3", "2025-07-01T00:00:00Z", 7200),
        ("CET-1CEST,M3.5.0,M10.5.0/3", "2025-12-01T00:00:00Z", 3600),
        ("NZST-12NZDT,M9.5.0,M4.1.0/3", "2025-01-01T00:00:00Z", 46_800),
        ("XXX4YYY,J60,J300", "2024-03-01T05:59:59Z", -14_400), ("XXX4YYY,J60,J300", "2024-03-01T06:00:00Z", -10_800),
        ("XXX0YYY,59/0,J300", "2024-02-29T00:00:00Z", 3600), ("XXX0YYY,59/0,J300", "2024-02-28T23:59:59Z", 0),
    ])
    func `a rule stands for a zone`(rule: String, moment: String, offset: Int64) throws {
        let clock = try #require(ZoneClock(name: rule))
        #expect(clock.offset(at: try #require(WallTime(iso8601: moment)).seconds) == offset)
    }

    @Test(arguments: [
        "", "Mars/Olympus", "../../../etc/passwd", "/etc/hostname", "MSK", "MSK-3MSD,M3.5", "MSK-3,M3.5.0,M10.5.0",
        "AB-3",
        "CET-1CEST,M13.5.0,M10.5.0", "CET-1CEST,M3.5.0,M10.5.0/3 ", "<+03-3", "MSK-168",
    ])
    func `what is no zone is none`(name: String) { #expect(ZoneClock(name: name) == nil) }

    @Test func `a broken file is no zone, wherever it ends`() throws {
        let file = try #require(fopen("/usr/share/zoneinfo/Europe/Berlin", "re"))
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 8192)
        bytes.removeLast(bytes.count - fread(&bytes, 1, bytes.count, file))
        #expect(ZoneClock(file: bytes) != nil)
        let end = try #require(bytes.dropLast().lastIndex(of: UInt8(ascii: "\n")))
        for count in 0..<end { #expect(ZoneClock(file: Array(bytes.prefix(count))) == nil) }
        // A count that says more than there is.
        bytes[32] = 255
        #expect(ZoneClock(file: bytes) == nil)
    }
}
