package main

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"sealdesk/internal/font"
	"sealdesk/internal/pdf"
)

// document composes a contract of so many pages.
func document(face *font.Face, pages int) ([]byte, error) {
	c := pdf.NewComposer(face).Title("软件服务采购合同")
	for i := range pages {
		if i > 0 {
			c.PageBreak()
		}
		for range 12 {
			c.Paragraph(strings.Repeat("甲乙双方经协商一致订立本合同，以资共同遵守。", 3))
		}
	}
	return c.Bytes()
}

// benchSign compares stamping and signing with the bare signature over the digest of the same bytes.
func benchSign(ctx context.Context) ([]row, error) {
	face, err := font.Default()
	if err != nil {
		return nil, err
	}
	data, err := document(face, 3)
	if err != nil {
		return nil, err
	}
	rsaKey, errA := rsa.GenerateKey(rand.Reader, 2048)
	ecKey, errB := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err := errors.Join(errA, errB); err != nil {
		return nil, err
	}
	var rows []row
	for _, k := range []struct {
		name string
		key  crypto.Signer
	}{{"P-256", ecKey}, {"RSA-2048", rsaKey}} {
		certificate, err := selfSigned(k.key)
		if err != nil {
			return nil, err
		}
		// A red disc of 42 mm where a seal goes.
		marks := []pdf.Mark{{ID: "seal", Kind: pdf.Seal, Page: 3, X: 300, Y: 600, Width: 119, Height: 119}}
		form := &pdf.Form{WidthPt: 119, HeightPt: 119, Content: []byte("1 0 0 rg 10 10 99 99 re f")}
		act := pdf.Act{SignerName: "王小明", Reason: "签署", Time: time.Now(), Signer: k.key, Chain: []*x509.Certificate{certificate},
			Fills: map[string]pdf.Fill{"seal": {Form: form}}}
		figure, limit, err := alternate(20,
			func() error { _, err := pdf.Sign(ctx, data, face, act, marks); return err },
			func() error {
				sum := sha256.Sum256(data)
				_, err := k.key.Sign(rand.Reader, sum[:], crypto.SHA256)
				return err
			})
		if err != nil {
			return nil, err
		}
		rows = append(rows, row{"6", "stamp and sign 3 pages, " + k.name + ", against the bare signature", milliseconds(figure), milliseconds(limit),
			"+" + milliseconds(figure-limit), "≤ 3 ms over it", figure-limit <= 3*time.Millisecond})
	}
	return rows, nil
}

func selfSigned(key crypto.Signer) (*x509.Certificate, error) {
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "bench"}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}

// benchPageImage compares page image at 144 dpi with what pdftoppm takes for the same page.
func benchPageImage(ctx context.Context) (rows []row, err error) {
	face, err := font.Default()
	if err != nil {
		return nil, err
	}
	data, err := document(face, 1)
	if err != nil {
		return nil, err
	}
	renderer, err := pdf.NewRenderer(ctx, pdf.RendererOptions{CacheBytes: 1}) // too little for one image: every call draws
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, renderer.Close()) }()
	if err := renderer.Ready(ctx); err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp("", "sealdesk-bench-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	file := filepath.Join(folder, "page.pdf")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		return nil, err
	}
	figure, limit, err := alternate(7,
		func() error { _, err := renderer.PageImage(ctx, data, 1, 144); return err },
		func() error {
			return exec.CommandContext(ctx, "pdftoppm", "-r", "144", "-png", file, filepath.Join(folder, "page")).Run() // #nosec G204 -- our own file
		})
	if err != nil {
		return nil, err
	}
	ratio := float64(limit) / float64(figure)
	rows = []row{{"10", "page image at 144 dpi, not cached, against pdftoppm", milliseconds(figure), milliseconds(limit),
		fmt.Sprintf("%.1f× faster", ratio), "4× faster", ratio >= 4}}
	cached, err := cachedImage(ctx, data)
	return append(rows, row{"10", "the same, cached", milliseconds(cached), "", "", "≤ 1 ms", cached <= time.Millisecond}), err
}

// cachedImage is the median time of asking for a page image that is in memory.
func cachedImage(ctx context.Context, data []byte) (took time.Duration, err error) {
	renderer, err := pdf.NewRenderer(ctx, pdf.RendererOptions{})
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, renderer.Close()) }()
	image := func() error { _, err := renderer.PageImage(ctx, data, 1, 144); return err }
	if err := image(); err != nil {
		return 0, err
	}
	took, _, err = alternate(100, image, func() error { return nil })
	return took, err
}

// alternate lets two functions take turns and gives the median time of each.
func alternate(times int, a, b func() error) (medianA, medianB time.Duration, err error) {
	var took [2][]float64
	for range times {
		for i, f := range []func() error{a, b} {
			began := time.Now()
			if err := f(); err != nil {
				return 0, 0, err
			}
			took[i] = append(took[i], time.Since(began).Seconds())
		}
	}
	seconds := func(all []float64) time.Duration { return time.Duration(median(all) * float64(time.Second)) }
	return seconds(took[0]), seconds(took[1]), nil
}

func milliseconds(d time.Duration) string {
	return fmt.Sprintf("%.2f ms", float64(d.Microseconds())/1000)
}
