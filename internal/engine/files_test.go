package engine_test

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"image/png"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sealdesk/internal/api"
	"sealdesk/internal/engine"
)

// picture is a PNG with ink on white paper.
func picture(w, h int) []byte {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.Draw(img, img.Bounds(), image.NewUniform(color.White), image.Point{}, draw.Src)
	draw.Draw(img, image.Rect(w/5, h/5, w*4/5, h*4/5), image.NewUniform(color.RGBA{200, 20, 30, 255}), image.Point{}, draw.Src)
	var buf bytes.Buffer
	if err := png.Encode(&buf, img); err != nil {
		panic(err) // a picture in memory always encodes
	}
	return buf.Bytes()
}

// assemble writes a classic PDF of numbered objects, the catalog first.
func assemble(objects []string) []byte {
	var b bytes.Buffer
	b.WriteString("%PDF-1.7\n")
	var table strings.Builder
	for i, o := range objects {
		fmt.Fprintf(&table, "%010d 00000 n \n", b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	xref := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Root 1 0 R /Size %d >>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, table.String(), len(objects)+1, xref)
	return b.Bytes()
}

// pageless is a whole PDF without a page.
func pageless() []byte {
	return assemble([]string{"<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [] /Count 0 >>"})
}

// encrypted makes an encrypted copy of a PDF with qpdf.
func encrypted(t *testing.T, data []byte) []byte {
	t.Helper()
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in.pdf"), filepath.Join(dir, "out.pdf")
	if err := os.WriteFile(in, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if msg, err := exec.Command("qpdf", "--encrypt", "", "owner", "256", "--", in, out).CombinedOutput(); err != nil {
		t.Fatalf("qpdf: %v\n%s", err, msg)
	}
	data, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestBadUploadsLeaveNothingBehind(t *testing.T) {
	p := start(t)
	q := p.party(0)
	good := contract(t)
	bomb := picture(4, 4)
	copy(bomb[16:], []byte{0, 1, 0x86, 0xa0, 0, 1, 0x86, 0xa0}) // 100,000 × 100,000 pixels in the header
	for name, c := range map[string]struct {
		business, message string
		data              []byte
	}{
		"no PDF":           {"FLOW", "not a PDF", []byte("hello, this is no contract")},
		"a picture as PDF": {"DOCUMENT", "not a PDF", picture(100, 100)},
		"encrypted":        {"FLOW", "encrypted", encrypted(t, good)},
		"truncated":        {"FLOW", "damaged", good[:len(good)/2]},
		"0 pages":          {"FLOW", "no pages", pageless()},
		"a PDF as seal":    {"SEAL", "neither a JPEG nor a PNG", good},
		"a PDF as id card": {"IDCARD", "neither a JPEG nor a PNG", good},
		"too many pixels":  {"BUSINESSLICENSE", "picture", bomb},
	} {
		t.Run(name, func(t *testing.T) {
			before, err := p.engine.Count(t.Context(), "engine_files")
			if err != nil {
				t.Fatal(err)
			}
			infos := []api.UploadFile{{FileBody: base64.StdEncoding.EncodeToString(good), FileName: "good.pdf"}, {FileBody: base64.StdEncoding.EncodeToString(c.data), FileName: "bad.pdf"}}
			if c.business != "FLOW" && c.business != "DOCUMENT" {
				infos = infos[1:]
			}
			p := &platform{T: t, engine: p.engine, client: p.client}
			message := refused(p, api.CodeInvalidParameter, api.UploadFiles, &api.UploadFilesRequest{Caller: q.caller(), BusinessType: c.business, FileInfos: infos})
			if !strings.Contains(message, c.message) {
				t.Errorf("message = %q, want %q in it", message, c.message)
			}
			after, err := p.engine.Count(t.Context(), "engine_files")
			if err != nil || after != before {
				t.Errorf("%d files half stored, %v", after-before, err)
			}
		})
	}
	body := base64.StdEncoding.EncodeToString(good)
	refused(p, api.CodeInvalidParameter, api.UploadFiles, &api.UploadFilesRequest{Caller: q.caller(), BusinessType: "FLOW", FileInfos: []api.UploadFile{{FileBody: "***"}}})
	refused(p, denied, api.UploadFiles, &api.UploadFilesRequest{Caller: q.caller(), BusinessType: "FLOW", FileInfos: []api.UploadFile{{FileBody: body}}, FileType: "HTML"})
	refused(p, api.CodeInvalidParameter, api.UploadFiles, &api.UploadFilesRequest{BusinessType: "FLOW", FileInfos: []api.UploadFile{{FileBody: body}}})
	refused(p, unknown, api.UploadFiles, &api.UploadFilesRequest{Caller: api.Caller{OperatorId: "nobody"}, BusinessType: "FLOW", FileInfos: []api.UploadFile{{FileBody: body}}})
}

func TestFilesFromURLs(t *testing.T) {
	src := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/contract.pdf" {
			http.Redirect(w, r, "/contract.pdf", http.StatusFound)
			return
		}
		if _, err := w.Write(contract(t)); err != nil {
			t.Error(err)
		}
	}))
	defer src.Close()
	upload := func(p *platform, url string) (*api.UploadFilesResponse, error) {
		q := p.party(0)
		return api.UploadFiles.Call(t.Context(), p.client, &api.UploadFilesRequest{Caller: q.caller(), BusinessType: "FLOW", FileUrls: []string{url}, CustomIds: []string{"c-1"}})
	}
	if _, err := upload(start(t), src.URL+"/contract.pdf"); !api.IsCode(err, api.CodeInvalidParameter) || !strings.Contains(err.Error(), "not public") {
		t.Errorf("a loopback address was fetched: %v", err)
	}
	p := start(t, func(o *engine.Options) { o.AllowPrivateFetch = true })
	resp, err := upload(p, src.URL+"/contract.pdf")
	if err != nil {
		t.Fatal(err)
	}
	found := do(p, api.DescribeFileIdsByCustomIds, &api.DescribeFileIdsByCustomIdsRequest{CustomIds: []string{"nothing", "c-1"}}).CustomIdList
	if len(found) != 1 || found[0].FileId != resp.FileIds[0] {
		t.Errorf("%+v", found)
	}
	refused(p, unknown, api.DescribeFileIdsByCustomIds, &api.DescribeFileIdsByCustomIdsRequest{CustomIds: []string{"nothing"}})
	if _, err := api.UploadFiles.Call(t.Context(), p.client, &api.UploadFilesRequest{Caller: api.Caller{OperatorId: mustUser(p)}, BusinessType: "FLOW",
		FileUrls: []string{src.URL + "/redirect"}}); !api.IsCode(err, api.CodeInvalidParameter) {
		t.Errorf("a redirect was followed: %v", err)
	}
}

func mustUser(p *platform) string {
	return do(p, api.CreateUser, &api.CreateUserRequest{OpenId: "someone", Name: "某人", IdCardType: "ID_CARD", IdCardNumber: "440301198001010010"}).UserId
}

func TestDownloads(t *testing.T) {
	p := start(t)
	q := p.party(0)
	flowID := p.flow(q)
	urls := func(fileType string, offset, limit int64) *api.DescribeFileUrlsResponse {
		return do(p, api.DescribeFileUrls, &api.DescribeFileUrlsRequest{BusinessIds: []string{flowID}, BusinessType: "FLOW", FileType: fileType, FileName: "合同包", ResourceOffset: offset, ResourceLimit: limit})
	}
	jpg := urls("JPG", 1, 1)
	if jpg.TotalCount != 3 || len(jpg.FileUrls) != 1 || jpg.FileUrls[0].Index != 1 || jpg.FileUrls[0].FlowId != flowID || !strings.HasPrefix(jpg.FileUrls[0].Option, `{"width":595`) {
		t.Errorf("%+v", jpg)
	}
	_, data := p.get(jpg.FileUrls[0].Url)
	if _, err := jpeg.Decode(bytes.NewReader(data)); err != nil {
		t.Error(err)
	}
	_, data = p.get(urls("ZIP", 0, 0).FileUrls[0].Url)
	archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil || archive.File[0].Name != "合同.pdf" {
		t.Errorf("zip: %v", err)
	}
	link := urls("PDF", 0, 0).FileUrls[0].Url
	if code, data := p.get(link); code != 200 || !bytes.Equal(data, contract(t)) {
		t.Errorf("pdf: %d", code)
	}
	if code, _ := p.get(link + "x"); code != http.StatusNotFound {
		t.Errorf("a stranger's token: %d", code)
	}
	p.clock.Add(time.Hour)
	if code, _ := p.get(link); code != http.StatusGone {
		t.Errorf("an old link: %d", code)
	}
	refused(p, unknown, api.DescribeFileUrls, &api.DescribeFileUrlsRequest{BusinessIds: []string{"nothing"}, BusinessType: "CATALOG"})
	refused(p, api.CodeInvalidParameter, api.DescribeFileUrls, &api.DescribeFileUrlsRequest{BusinessIds: []string{q.seal}, BusinessType: "SEAL", FileType: "PDF"})
	files := do(p, api.DescribeFlowFiles, &api.DescribeFlowFilesRequest{FlowId: flowID}).FlowFileInfos
	if len(files) != 1 || files[0].FileType != "PDF" || files[0].FileSize != int64(len(contract(t))) || len(files[0].FileMd5) != 32 || files[0].CreatedOn == 0 {
		t.Errorf("%+v", files)
	}
}
