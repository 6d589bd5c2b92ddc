package engine

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"time"
)

// chinaTime is the zone of dates in contracts. China has one zone and no summer time.
var chinaTime = time.FixedZone("CST", 8*60*60)

// unix is a time on the wire: seconds, 0 for none.
func unix(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}

// newID is 32 hex digits, as the platform's ids are: 12 of the time and 80 random bits. Rows that are made one after the other lie beside
// each other in their index, so that a commit writes few pages.
func newID(at time.Time) string {
	var raw [16]byte
	_, _ = rand.Read(raw[6:])                                                                        // never fails (crypto/rand)
	binary.BigEndian.PutUint64(raw[:8], uint64(at.UnixMilli())<<16|uint64(raw[6])<<8|uint64(raw[7])) // #nosec G115 -- not before 1970
	return hex.EncodeToString(raw[:])
}
