package seal

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"os"
	"testing"

	"sealdesk/internal/font"
)

func TestSheet(t *testing.T) {
	if os.Getenv("SHEET") == "" {
		return
	}
	ft, err := font.Default()
	if p := os.Getenv("TTF"); p != "" {
		b, _ := os.ReadFile(p)
		ft, err = font.Parse(b)
	}
	if err != nil {
		t.Fatal(err)
	}
	off, on := false, true
	_ = on
	specs := [][]Spec{
		{
			{Kind: Official, Name: "腾讯科技"},
			{Kind: Official, Name: "北京示例科技有限公司"},
			{Kind: Official, Name: "深圳市腾讯计算机系统有限公司", WidthMM: 42, Code: "4403011234567"},
			{Kind: Official, Name: "中国石油化工集团股份有限公司北京市朝阳区分公司第二办事处", WidthMM: 42, Code: "4403011234567"},
			{Kind: Contract, Name: "深圳市腾讯计算机系统有限公司", Code: "4403011234567"},
			{Kind: Contract, Name: "深圳市腾讯计算机系统有限公司", HorizontalText: "电子签名专用章", Code: "44030112345678", WidthMM: 42},
			{Kind: Contract, Name: "青云示例", HorizontalText: "业务一部合同专章"},
		},
		{
			{Kind: Financial, Name: "吉犎喆堃犇䶮科技有限公司"},
			{Kind: Financial, Name: "深圳市腾讯计算机系统有限公司", Shape: Square},
			{Kind: Invoice, Name: "北京示例科技有限公司", TaxNumber: "91110108MA01ABCD2X"},
			{Kind: Invoice, Name: "深圳市腾讯计算机系统有限公司", TaxNumber: "440301123456789"},
			{Kind: Invoice, Name: "中国石油化工集团股份有限公司北京市朝阳区分公司第二", TaxNumber: "91110108MA01ABCD2X"},
			{Kind: Other, Name: "上海某某（集团）网络科技有限公司", HorizontalText: "人事专用章", Color: Blue},
			{Kind: Official, Name: "东方（中国）外商投资有限公司", Shape: Ellipse, Color: Purple},
		},
		{
			{Kind: LegalRepresentative, Name: "王芳"},
			{Kind: LegalRepresentative, Name: "王小明"},
			{Kind: LegalRepresentative, Name: "欧阳小明"},
			{Kind: LegalRepresentative, Name: "王小明", Shape: Rectangle},
			{Kind: Personal, Name: "阿不都热合曼·买买提"},
			{Kind: Personal, Name: "John Smith"},
			{Kind: Personal, Name: "李小龙", Running: true},
			{Kind: Personal, Name: "欧阳小明", Running: true, Color: Blue},
		},
		{
			{Kind: Contract, Name: "北京示例科技有限公司", Star: &off},
			{Kind: Contract, Name: "北京示例科技有限公司", Aged: true, Seed: 7, Opacity: 85},
			{Kind: Contract, Name: "Sealdesk Software (Shenzhen) Co., Ltd."},
			{Kind: Contract, Name: "北京示例科技有限公司", WidthMM: 58, Aged: true, Seed: 3},
			{Kind: Contract, Name: "中外合资北京示例科技有限公司", Shape: Ellipse},
			{Kind: LegalRepresentative, Name: "王小明", WidthMM: 16, Aged: true},
			{Kind: LegalRepresentative, Name: "王芳", Shape: Rectangle},
			{Kind: Personal, Name: "司马相如子"},
		},
		{
			{Kind: Contract, Name: "中国石油化工集团股份有限公司北京市朝阳区分公司第二办事处", HorizontalText: "电子签名专用章", Code: "4403011234567"},
			{Kind: Contract, Name: "中国石油化工集团股份有限公司北京市分公司"},
			{Kind: Contract, Name: "一二三工小有限公司"},
			{Kind: Contract, Name: "龘靐齉爨灪麤有限公司", HorizontalText: "合同专用章(1)"},
			{Kind: Official, Name: "北京", WidthMM: 38},
			{Kind: Financial, Name: "北京示例", Shape: Square},
		},
	}
	dpi, rowH := 170.0, 320
	if v := os.Getenv("DPI"); v != "" {
		fmt.Sscan(v, &dpi)
		rowH = int(dpi * 2)
	}
	if v := os.Getenv("ROWS"); v != "" {
		var pick [][]Spec
		for _, c := range v {
			pick = append(pick, specs[c-'0'])
		}
		specs = pick
	}
	img := image.NewRGBA(image.Rect(0, 0, 2100, rowH*len(specs)))
	draw.Draw(img, img.Bounds(), image.White, image.Point{}, draw.Src)
	_ = color.White
	for r, row := range specs {
		x := 10
		for c, s := range row {
			d, err := Draw(ft, s)
			if err != nil {
				fmt.Println(r, c, s.Name, err)
				continue
			}
			b, err := d.PNG(dpi)
			if err != nil {
				t.Fatal(err)
			}
			if row := os.Getenv("SHEET"); row != "1" {
				os.WriteFile(fmt.Sprintf("%s/s%d%d.svg", row, r, c), d.SVG(), 0o600)
			}
			p, _ := png.Decode(bytes.NewReader(b))
			draw.Draw(img, p.Bounds().Add(image.Pt(x, 10+r*rowH)), p, image.Point{}, draw.Over)
			x += p.Bounds().Dx() + 15
		}
	}
	f, _ := os.Create("/tmp/sheet" + os.Getenv("OUT") + ".png")
	png.Encode(f, img)
	f.Close()
}
