package engine

import "strconv"

// results are the documented results of a check with what the platform says about each.
type results map[int64]string

func (r results) has(text string) bool {
	code, err := strconv.ParseInt(text, 10, 64)
	_, known := r[code]
	return err == nil && known && strconv.FormatInt(code, 10) == text
}

// The results of each family of checks (essbasic, CheckIdCardVerification, CheckMobileVerification, CheckBankCardVerification,
// CheckVerifyCodeMatchFlowId, CheckFaceIdentify). How each is reached stands in docs/identity-tests.md.
var (
	idCardResults = results{
		checkPassed: "姓名和身份证号一致", idCardDiffers: "姓名和身份证号不一致", idCardBadNumber: "非法身份证号（长度、校验位等不正确）",
		idCardBadName: "非法姓名（长度、格式等不正确）", 103: "验证平台异常", idCardNoRecord: "证件库中无此身份证记录",
	}
	mobileResults = results{
		checkPassed: "验证通过", mobileNoName: "手机号未实名", mobileNameDiffers: "姓名和手机号不一致", mobileDataDiffer: "信息不一致（手机号已实名，但姓名和身份证与实名信息不一致）",
		mobileNoRecord: "查无记录", mobileBadName: "非法姓名（长度、格式等不正确）", mobileBadMobile: "非法手机号（长度、格式等不正确）",
		mobileBadIDCard: "非法身份证号（长度、校验位等不正确）", 105: "认证未通过", mobilePlatform: "验证平台异常",
	}
	bankCardResults = results{
		checkPassed: "认证通过", bankCardDiffers: "认证未通过", bankCardHolderDiffers: "持卡人信息有误", 3: "未开通无卡支付", 4: "此卡被没收",
		bankCardUnknown: "无效卡号", 6: "此卡无对应发卡行", 7: "该卡未初始化或睡眠卡", 8: "作弊卡、吞卡", 9: "此卡已挂失", 10: "该卡已过期", 11: "受限制的卡",
		12: "密码错误次数超限", 13: "发卡行不支持此交易", bankCardBadName: "姓名校验不通过", bankCardBadNumber: "银行卡号码有误", 103: "验证中心服务繁忙",
		bankCardBadIDCard: "身份证号码有误", bankCardBadMobile: "手机号码不合法",
	}
	codeResults = results{
		codeRight: "验证码正确", codeGone: "验证码错误或已过期", codeWrong: "验证码错误", codeOtherFlow: "验证码和流程不匹配", codeTooMany: "验证码输错次数超过上限",
		codeInternal: "内部错误", codeBadParameter: "参数错误",
	}
	faceResults = results{faceResultPassed: "通过", faceResultFailed: "未通过"}
)

// checkPassed is what every family of checks answers when all agrees.
const checkPassed = 0

// Results of CheckIdCardVerification that a comparison gives. 103 (platform failed) only comes when it is wanted.
const (
	idCardDiffers   = 1
	idCardBadNumber = 101
	idCardBadName   = 102
	idCardNoRecord  = 104
)

// Results of CheckMobileAndName and CheckMobileVerification. 105 (not passed) only comes when it is wanted.
const (
	mobileNoName      = 1
	mobileNameDiffers = 2
	mobileDataDiffer  = 3
	mobileNoRecord    = 101
	mobileBadName     = 102
	mobileBadMobile   = 103
	mobileBadIDCard   = 104
	mobilePlatform    = 106
)

// Results of the four checks of bank cards. 3, 4, 6 to 13 and 103 only come when they are wanted.
const (
	bankCardDiffers       = 1
	bankCardHolderDiffers = 2
	bankCardUnknown       = 5
	bankCardBadName       = 101
	bankCardBadNumber     = 102
	bankCardBadIDCard     = 104
	bankCardBadMobile     = 105
)

// Results of CheckVerifyCodeMatchFlowId.
const (
	codeRight        = 0
	codeGone         = 1
	codeWrong        = 2
	codeOtherFlow    = 3
	codeTooMany      = 4
	codeInternal     = 5
	codeBadParameter = 6
)

// Results of a face check.
const (
	faceResultPassed = 0
	faceResultFailed = 1
)
