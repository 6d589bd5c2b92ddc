package handlers

import (
	"fmt"
	"strings"

	"sealdesk/web/templates"

	"rsc.io/qr"
)

// quietZone around a QR code, in squares; the standard asks for four.
const quietZone = 4

// qrCode outlines a text as a QR code.
func qrCode(text string) (templates.QRCode, error) {
	code, err := qr.Encode(text, qr.M)
	if err != nil {
		return templates.QRCode{}, fmt.Errorf("QR code: %w", err)
	}
	return templates.QRCode{Path: qrPath(code), Size: code.Size + 2*quietZone}, nil
}

// qrPath outlines the dark squares of a code, one rectangle for each run of a row.
func qrPath(code *qr.Code) string {
	var path strings.Builder
	for y := range code.Size {
		for x := 0; x < code.Size; x++ {
			if !code.Black(x, y) {
				continue
			}
			start := x
			for x < code.Size && code.Black(x, y) {
				x++
			}
			fmt.Fprintf(&path, "M%d %dh%dv1h-%dz", start+quietZone, y+quietZone, x-start, x-start)
		}
	}
	return path.String()
}
