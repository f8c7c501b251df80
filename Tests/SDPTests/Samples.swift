/// Descriptions as real programs write them, with `\n` for CRLF.
enum Samples {
    static func bytes(_ text: String) -> [UInt8] {
        Array(text.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\r\n").utf8)
    }

    /// RFC 8866 section 5, with its audio and two video streams.
    static let rfc8866 = """
        v=0
        o=jdoe 3724394400 3724394405 IN IP4 198.51.100.1
        s=Call to John Smith
        i=SDP Offer #1
        u=http://www.jdoe.example.com/home.html
        e=Jane Doe <jane@jdoe.example.com>
        p=+1 617 555-6011
        c=IN IP4 198.51.100.1
        t=0 0
        m=audio 49170 RTP/AVP 0
        m=audio 49180 RTP/AVP 0
        m=video 51372 RTP/AVP 99
        c=IN IP6 2001:db8::2
        a=rtpmap:99 h263-1998/90000

        """

    static let sipp = """
        v=0
        o=user1 53655765 2353687637 IN IP4 192.0.2.20
        s=-
        c=IN IP4 192.0.2.20
        t=0 0
        m=audio 6000 RTP/AVP 0
        a=rtpmap:0 PCMU/8000

        """

    static let baresip = """
        v=0
        o=- 3911822470 1404411293 IN IP4 192.0.2.30
        s=-
        c=IN IP4 192.0.2.30
        t=0 0
        a=tool:baresip 1.0.0
        m=audio 21234 RTP/AVP 96 9 8 0 101
        b=AS:128
        a=rtpmap:96 opus/48000/2
        a=fmtp:96 stereo=1;sprop-stereo=1
        a=rtpmap:9 G722/8000
        a=rtpmap:8 PCMA/8000
        a=rtpmap:0 PCMU/8000
        a=rtpmap:101 telephone-event/8000
        a=fmtp:101 0-15
        a=rtcp:21235
        a=sendrecv
        a=label:1
        a=rtcp-rsize
        a=ssrc:3456789 cname:sip:alice@example.com
        a=ptime:20

        """

    static let linphone = """
        v=0
        o=bob 2890 2264 IN IP4 192.0.2.40
        s=Talk
        c=IN IP4 192.0.2.40
        t=0 0
        a=ice-pwd:1b2c3d4e5f60718293a4b5c6
        a=ice-ufrag:8a9b
        a=rtcp-xr:rcvr-rtt=all:10000 stat-summary=loss,dup,jitt,TTL voip-metrics
        a=record:off
        m=audio 7078 RTP/AVP 96 97 98 0 8 18 101 99 100
        a=rtpmap:96 opus/48000/2
        a=fmtp:96 useinbandfec=1
        a=rtpmap:97 speex/16000
        a=fmtp:97 vbr=on
        a=rtpmap:98 speex/8000
        a=fmtp:98 vbr=on
        a=fmtp:18 annexb=yes
        a=rtpmap:101 telephone-event/48000
        a=rtpmap:99 telephone-event/16000
        a=rtpmap:100 telephone-event/8000
        a=candidate:1 1 UDP 2130706303 192.0.2.40 7078 typ host
        a=candidate:1 2 UDP 2130706302 192.0.2.40 7079 typ host
        a=rtcp-fb:* trr-int 5000
        m=video 9078 RTP/AVP 96
        a=rtpmap:96 VP8/90000

        """

    static let chromium = """
        v=0
        o=- 4611731400430051336 2 IN IP4 127.0.0.1
        s=-
        t=0 0
        a=group:BUNDLE 0
        a=extmap-allow-mixed
        a=msid-semantic: WMS 5eac1a0e-8a4c-4d11
        m=audio 9 UDP/TLS/RTP/SAVPF 111 63 9 0 8 13 110 126
        c=IN IP4 0.0.0.0
        a=rtcp:9 IN IP4 0.0.0.0
        a=ice-ufrag:4ZcD
        a=ice-pwd:2/1muCWoOi3uLifh0NuRHlig
        a=ice-options:trickle
        a=fingerprint:sha-256 7B:8B:F0:65:5F:78:E2:51:3B:AC:6F:F3:3F:46:1B:35:DC:B8:5F:64:1A:24:C2:43:F0:A1:58:D0:A1:2C:19:08
        a=setup:actpass
        a=mid:0
        a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level
        a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid
        a=sendrecv
        a=msid:5eac1a0e-8a4c-4d11 c6f41d0e-b7a4-4a51
        a=rtcp-mux
        a=rtcp-rsize
        a=rtpmap:111 opus/48000/2
        a=rtcp-fb:111 transport-cc
        a=fmtp:111 minptime=10;useinbandfec=1
        a=rtpmap:63 red/48000/2
        a=fmtp:63 111/111
        a=rtpmap:9 G722/8000
        a=rtpmap:0 PCMU/8000
        a=rtpmap:8 PCMA/8000
        a=rtpmap:13 CN/8000
        a=rtpmap:110 telephone-event/48000
        a=rtpmap:126 telephone-event/8000
        a=ssrc:2231627014 cname:xkzbLo5ZmkNUPvXQ
        a=ssrc:2231627014 msid:5eac1a0e-8a4c-4d11 c6f41d0e-b7a4-4a51

        """

    static let firefox = """
        v=0
        o=mozilla...THIS_IS_SDPARTA-99.0 7095105410474413046 0 IN IP4 0.0.0.0
        s=-
        t=0 0
        a=fingerprint:sha-256 12:B9:1C:38:5C:7B:CC:51:3B:AC:6F:F3:3F:46:1B:35:DC:B8:5F:64:1A:24:C2:43:F0:A1:58:D0:A1:2C:19:08
        a=group:BUNDLE 0 1
        a=ice-options:trickle
        a=msid-semantic:WMS *
        m=video 9 UDP/TLS/RTP/SAVPF 120
        c=IN IP4 0.0.0.0
        a=candidate:0 1 UDP 2122252543 192.0.2.50 49203 typ host
        a=candidate:2 1 TCP 2105524479 192.0.2.50 9 typ host tcptype active
        a=candidate:3 1 UDP 2122187007 2f6e8a3c-1b1b-4c6d.local 50001 typ host
        a=sendrecv
        a=end-of-candidates
        a=ice-pwd:e0f0f64f1ba2e6cb7f2bd0f3e2c15f6a
        a=ice-ufrag:5b4f3ac3
        a=mid:0
        a=rtcp-mux
        a=rtpmap:120 VP8/90000
        a=setup:actpass
        m=audio 0 UDP/TLS/RTP/SAVPF 109 9 0 8 101
        c=IN IP4 0.0.0.0
        a=bundle-only
        a=sendrecv
        a=fmtp:109 maxplaybackrate=48000;stereo=1;useinbandfec=1
        a=fmtp:101 0-15
        a=mid:1
        a=rtpmap:109 opus/48000/2
        a=rtpmap:9 G722/8000/1
        a=rtpmap:0 PCMU/8000
        a=rtpmap:8 PCMA/8000
        a=rtpmap:101 telephone-event/8000/1

        """

    static let all = [rfc8866, sipp, baresip, linphone, chromium, firefox]
}
