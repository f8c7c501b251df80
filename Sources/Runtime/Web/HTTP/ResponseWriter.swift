package import Wire

/// Writes responses as bytes (RFC 9112 §4, §6).
enum ResponseWriter {
    /// Fields that frame the message are ours to write, whatever a handler put there.
    private static let framing = ["Content-Length", "Transfer-Encoding", "Connection", "Date"]

    /// `head` is the request's, nil when it could not be read.
    static func bytes(of response: HTTPResponse, to head: RequestHead?, keepsAlive: Bool, date: String?) -> [UInt8] {
        let isUpgrade = response.status == .switchingProtocols
        var text = "HTTP/1.1 \(response.status.code) \(response.status.reason)\r\n"
        for field in response.fields.fields
        where isUpgrade || !framing.contains(where: { ASCII.equalIgnoringCase($0, field.name) }) {
            text += "\(field.name): \(field.value)\r\n"
        }
        if let date { text += "Date: \(date)\r\n" }
        if !keepsAlive {
            text += "Connection: close\r\n"
        } else if head?.isVersion10 == true {
            text += "Connection: keep-alive\r\n"
        }
        if !response.status.forbidsBody { text += "Content-Length: \(response.body.count)\r\n" }
        text += "\r\n"
        var bytes = [UInt8]()
        bytes.reserveCapacity(text.utf8.count + response.body.count)
        bytes += text.utf8
        if !response.status.forbidsBody, head?.method != .head { bytes += response.body }
        return bytes
    }
}

/// Moments as HTTP writes them (RFC 9110 §5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`.
package enum HTTPDate {
    private static let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    package static func text(_ time: WallTime) -> String {
        let day = time.seconds.floorDivided(by: 86_400)
        let second = time.seconds - day * 86_400
        let date = CivilDate(daysSinceEpoch: day)
        // 1970-01-01 was a Thursday.
        let weekday = days[Int(day - day.floorDivided(by: 7) * 7)]
        let clock = [second / 3600, second / 60 % 60, second % 60].map { twoDigits($0) }.joined(separator: ":")
        return "\(weekday), \(twoDigits(date.day)) \(months[Int(date.month) - 1]) \(date.year) \(clock) GMT"
    }

    private static func twoDigits(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }
}
