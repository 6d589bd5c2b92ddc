package pdf_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"sealdesk/internal/font"
	"sealdesk/internal/pdf"
)

// authority is a root with an issuing certificate, two signers and a time authority.
type authority struct {
	root   *x509.Certificate
	roots  *x509.CertPool
	rsa    identity // an organisation
	ecdsa  identity // a person
	stamps *pdf.TimeAuthority
	crl    []byte
	// withdrawn is a list that revokes the person's certificate before the time of signing.
	withdrawn []byte
}

type identity struct {
	key   crypto.Signer
	chain []*x509.Certificate
}

var signingTime = time.Date(2026, 5, 4, 15, 30, 0, 0, time.FixedZone("CST", 8*3600))

var testAuthority = sync.OnceValues(makeAuthority)

func newAuthority(t testing.TB) *authority {
	t.Helper()
	a, err := testAuthority()
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func makeAuthority() (*authority, error) {
	from, until := signingTime.AddDate(-1, 0, 0), signingTime.AddDate(9, 0, 0)
	serial := int64(1000)
	issue := func(template x509.Certificate, key crypto.Signer, parent *x509.Certificate, parentKey crypto.Signer) (*x509.Certificate, error) {
		serial++
		template.SerialNumber = big.NewInt(serial)
		template.NotBefore, template.NotAfter = from, until
		if parent == nil {
			parent = &template
		}
		der, err := x509.CreateCertificate(rand.Reader, &template, parent, key.Public(), parentKey)
		if err != nil {
			return nil, err
		}
		return x509.ParseCertificate(der)
	}
	var keys [4]*ecdsa.PrivateKey
	for i := range keys {
		keys[i], _ = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	}
	ca := func(cn string) x509.Certificate {
		return x509.Certificate{
			Subject: pkix.Name{CommonName: cn, Organization: []string{"Test"}}, IsCA: true, BasicConstraintsValid: true,
			KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		}
	}
	root, err := issue(ca("Test Root"), keys[0], nil, keys[0])
	if err != nil {
		return nil, err
	}
	issuing, err := issue(ca("Test Issuing"), keys[1], root, keys[0])
	if err != nil {
		return nil, err
	}
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	leaf := func(cn, org string) x509.Certificate {
		return x509.Certificate{
			Subject:  pkix.Name{CommonName: cn, Organization: []string{org}, Country: []string{"CN"}},
			KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment,
		}
	}
	a := &authority{root: root, roots: x509.NewCertPool()}
	a.roots.AddCert(root)
	for _, s := range []struct {
		id      *identity
		key     crypto.Signer
		cn, org string
	}{
		{&a.rsa, rsaKey, "北京印台科技有限公司", "北京印台科技有限公司"},
		{&a.ecdsa, keys[2], "李雷", "上海韩梅梅贸易有限公司"},
	} {
		cert, err := issue(leaf(s.cn, s.org), s.key, issuing, keys[1])
		if err != nil {
			return nil, err
		}
		*s.id = identity{s.key, []*x509.Certificate{cert, issuing, root}}
	}
	stamping := leaf("Test Time Authority", "Test")
	usage, err := asn1.Marshal([]asn1.ObjectIdentifier{{1, 3, 6, 1, 5, 5, 7, 3, 8}})
	if err != nil {
		return nil, err
	}
	stamping.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Critical: true, Value: usage}}
	cert, err := issue(stamping, keys[3], issuing, keys[1])
	if err != nil {
		return nil, err
	}
	a.stamps = &pdf.TimeAuthority{
		Signer: keys[3], Chain: []*x509.Certificate{cert, issuing, root},
		Policy: asn1.ObjectIdentifier{2, 999, 1}, Clock: func() time.Time { return signingTime.Add(time.Second) },
	}
	a.withdrawn, err = x509.CreateRevocationList(rand.Reader, &x509.RevocationList{
		Number: big.NewInt(2), ThisUpdate: from, NextUpdate: until,
		RevokedCertificateEntries: []x509.RevocationListEntry{
			{SerialNumber: a.ecdsa.chain[0].SerialNumber, RevocationTime: signingTime.AddDate(0, -1, 0)},
		},
	}, issuing, keys[1])
	if err != nil {
		return nil, err
	}
	a.crl, err = x509.CreateRevocationList(rand.Reader, &x509.RevocationList{
		Number: big.NewInt(1), ThisUpdate: from, NextUpdate: until,
	}, issuing, keys[1])
	return a, err
}

func face(t testing.TB) *font.Face {
	t.Helper()
	f, err := font.Default()
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// run calls a program of the test tools and gives what it prints. A missing program fails the test: verifiers that
// were written by others are the point of these tests.
func run(t testing.TB, program string, args ...string) (string, error) {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		t.Fatalf("%s is needed for this test: run `make tools` (poppler-utils, qpdf, openssl)", program)
	}
	cmd := exec.Command(path, args...)
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func mustRun(t testing.TB, program string, args ...string) string {
	t.Helper()
	out, err := run(t, program, args...)
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", program, strings.Join(args, " "), err, out)
	}
	return out
}

// write puts data into a file of the test's folder, or of the folder named by PDF_TEST_OUT, for a look at it.
func write(t testing.TB, name string, data []byte) string {
	t.Helper()
	dir := t.TempDir()
	if keep := os.Getenv("PDF_TEST_OUT"); keep != "" {
		dir = keep
	}
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// shared makes a fixture once for all tests. They run beside each other, so that none may write into it.
func shared[T any](make func(testing.TB) T) func(testing.TB) T {
	var once sync.Once
	var made *T
	return func(t testing.TB) T {
		t.Helper()
		once.Do(func() {
			v := make(t)
			made = &v
		})
		if made == nil {
			t.Fatal("the fixture could not be made: see the test before")
		}
		return *made
	}
}

type composed struct {
	data    []byte
	anchors map[string]pdf.Anchor
}

// contract is a Chinese contract of three pages.
func contract(t testing.TB) ([]byte, map[string]pdf.Anchor) {
	t.Helper()
	c := composedContract(t)
	return c.data, c.anchors
}

var composedContract = shared(func(t testing.TB) composed {
	c := pdf.NewComposer(face(t))
	c.Note("合同编号：YT-2026-0504")
	c.Title("设备采购与技术服务合同")
	c.Line("甲方：北京印台科技有限公司").Line("乙方：上海韩梅梅贸易有限公司")
	c.Paragraph("根据《中华人民共和国民法典》及相关法律、法规的规定，甲乙双方在平等、自愿、公平和诚实信用的基础上，" +
		"就甲方向乙方采购电子签章一体机（型号 SD-200 Pro，软件版本 2.4.1）及配套技术服务事宜，经友好协商，订立本合同，共同遵守。")
	numerals := []string{"一", "二", "三", "四", "五", "六", "七", "八", "九", "十"}
	titles := []string{"合同标的", "价款与支付", "交货与验收", "质量保证", "知识产权", "保密义务", "违约责任", "不可抗力", "争议解决", "其他约定"}
	for i, n := range numerals {
		c.Heading(fmt.Sprintf("第%s条　%s", n, titles[i]))
		c.Paragraph("乙方应当按照本合同及其附件约定的品种、规格、数量、质量标准向甲方交付货物，并提供安装、调试、培训等服务；" +
			"货物单价为人民币 12,800.00 元/台，共计 25 台，合同总价为人民币 320,000.00 元（大写：叁拾贰万元整），" +
			"该价格已包含税费、运费、保险费以及“交钥匙”所需的其他全部费用……除双方另有书面约定外，不再调整。")
		c.Item("（一）", "甲方在本合同生效后 10 个工作日内支付合同总价的 30%；")
		c.Item("（二）", "货到并经验收合格后 15 个工作日内支付合同总价的 65%，余款作为质量保证金，在质保期满后无息支付。")
	}
	c.SignatureArea(
		pdf.Party{Key: "a", Role: "甲方（盖章）：", Name: "北京印台科技有限公司", Lines: []string{"地址：北京市海淀区中关村大街 1 号"},
			SignatureLabel: "授权代表（签字）：", DateLabel: "日期："},
		pdf.Party{Key: "b", Role: "乙方（盖章）：", Name: "上海韩梅梅贸易有限公司", Lines: []string{"地址：上海市浦东新区世纪大道 100 号"},
			SignatureLabel: "授权代表（签字）：", DateLabel: "日期："})
	data, err := c.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return composed{data, c.Anchors()}
})

// disc is a red round seal of 40 mm with a star, drawn by hand.
func disc() *pdf.Form {
	const size, r, k = 113.39, 55.0, 0.5523
	c := size / 2
	circle := func(r float64) string {
		return fmt.Sprintf("%g %g m %g %g %g %g %g %g c %g %g %g %g %g %g c %g %g %g %g %g %g c %g %g %g %g %g %g c h ",
			c+r, c, c+r, c+k*r, c+k*r, c+r, c, c+r, c-k*r, c+r, c-r, c+k*r, c-r, c,
			c-r, c-k*r, c-k*r, c-r, c, c-r, c+k*r, c-r, c+r, c-k*r, c+r, c)
	}
	return &pdf.Form{WidthPt: size, HeightPt: size, Opacity: 0.8,
		Content: []byte("0.86 0.08 0.08 rg " + circle(r) + circle(r-3.4) + "f* " + circle(12) + "f")}
}

func markAt(id string, kind pdf.MarkKind, signer string, a pdf.Anchor) pdf.Mark {
	return pdf.Mark{ID: id, Kind: kind, Signer: signer, Page: a.Page, X: a.X, Y: a.Y, Width: a.Width, Height: a.Height}
}

func (a *authority) act(id identity, name string, fills map[string]pdf.Fill) pdf.Act {
	return pdf.Act{
		SignerName: name, Reason: "签署合同", Location: "北京", Time: signingTime, Fills: fills,
		Signer: id.key, Chain: id.chain, Timestamp: a.stamps.Stamp, Revocation: [][]byte{a.crl},
	}
}

func sign(t testing.TB, data []byte, act pdf.Act, marks []pdf.Mark) []byte {
	t.Helper()
	out, err := pdf.Sign(context.Background(), data, face(t), act, marks)
	if err != nil {
		t.Fatal(err)
	}
	if string(out[:len(data)]) != string(data) {
		t.Fatal("signing changed earlier bytes")
	}
	return out
}
