import Wire

/// The test vectors of RFC 5769.
enum RFC5769 {
    static let password = Array("VOkJxbRl1RmTxUk/WvJxBt".utf8)

    /// Section 2.1: a request with USERNAME `evtj:h6vY`, padded with spaces.
    static let request = bytes(
        """
        000100582112a442b7e7a701bc34d686fa87dfae802200105354554e207465737420636c69656e74002400046e0001ff80290008
        932ff9b151263b36000600096576746a3a68367659202020000800149aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a280280004
        e57a3bcf
        """)

    /// Section 2.2: a response with 192.0.2.1:32853.
    static let responseIPv4 = bytes(
        """
        0101003c2112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f7220002000080001a147e112a64300080014
        2b91f599fd9e90c38c7489f92af9ba53f06be7d780280004c07d4c96
        """)

    /// Section 2.3: a response with [2001:db8:1234:5678:11:2233:4455:6677]:32853.
    static let responseIPv6 = bytes(
        """
        010100482112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f7220002000140002a1470113a9faa5d3f179
        bc25f4b5bed2b9d900080014a382954e4be67bf11784c97c8292c275bfe3ed4180280004c8fb0b4c
        """)

    private static func bytes(_ text: String) -> [UInt8] { Hex.decode(text.filter { $0 != "\n" }) ?? [] }
}
